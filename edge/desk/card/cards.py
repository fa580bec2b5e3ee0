"""The life of a card at the desk: lost and found, replaced when broken or lost, the rest released, its class changed.

The ledger decides and books; the desk reads the card, proves its balance by the MAC1 of a load of nothing, and blocks
what is void. An old card that can be read is blocked for ever only after the ledger has said that it is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge.desk.card.upkeep import operate, public_of, run, told
from edge.desk.desk import Desk
from edge.desk.reading.examine import PurseSaid
from edge.desk.reading.reading import ask_books
from edge.desk.reading.words import class_words
from shared.desk import CardBooks, DeskOp, Replaced, parse_replaced
from shared.errors import ConfigFault
from shared.ids import CardId
from shared.money import yuan
from shared.purse import commands
from shared.purse.apdu import CardChannel, ResponseApdu, Sw
from shared.purse.commands import SFI_HOLDER, SFI_PUBLIC
from shared.purse.crypto import TYPE_EP_LOAD
from shared.purse.desk_outcomes import DoneAtCard
from shared.purse.flows.load import LOAD_ANSWER
from shared.purse.flows.upkeep import maintain
from shared.purse.load_auth import LoadAuth
from shared.purse.profiles import CAMPUS, SUBSIDY, CardProfile
from shared.purse.selecting import select
from shared.purse.upkeep import UpdateFile

CLASS_IN_PUBLIC, CLASS_IN_HOLDER = 28, 0
"""Places of the card class: in file 0015 of the city form, and in file 0016."""
KEY_ID = 1
_SUBSIDY_MOVED = (
    "补助 ¥{0} 记为新卡待回补助，暂不能圈入卡内 / "
    "a subsidy of ¥{0} waits as the new card's, it cannot be loaded onto it yet"
)
_SUBSIDY_LEFT = (
    "旧卡补助 ¥{0} 冻结待收齐，之后用 release 解冻 / ¥{0} of the old card's subsidy is frozen until complete: release"
)


def report(desk: Desk, operation: DeskOp, label: str, reason: str) -> bool:
    """挂失 or 解挂."""
    if desk.do(operation, [label, reason]) is None:
        return False
    if operation is not DeskOp.LOST:
        desk.say(f"{label}: 已解挂 / report cancelled")
        return True
    desk.say(f"{label}: 已挂失，账户已冻结 / reported lost, frozen")
    desk.say(
        "补卡时电子账户与过渡余额即转新卡；卡内余款待各终端，挂失后的消费由学校承担 / at the reissue the online "
        "account and what is pending move at once; what is on the card waits for the terminals, what it spends now "
        "the school bears"
    )
    desk.say(f"等谁、如何销账 for whom, and the write-off: ./ykt cloud lost explain --card {label}")
    return True


def replace_readable(desk: Desk, card: CardChannel, new: str, reason: str) -> bool:
    """坏卡换卡 with the old card in the field."""
    said = public_of(card)
    books = ask_books(desk.centre, said)
    if not isinstance(books, CardBooks):
        raise ConfigFault("账本没有答复这张卡 / the ledger does not answer for this card")
    proof = balance_proof(desk, card, said)
    if not _replaced(desk, desk.do(DeskOp.REPLACE, [books.label, new, reason, proof]), books.label, new):
        return False
    return _void(desk, card)


NOT_KEPT = (
    "不可读的旧卡要由卡务台收存才算坏卡：加 --kept；持卡人带走的，按挂失办理：desk lost --label {0}，"
    "再 desk reissue --label {0} --new {1} / a card that cannot be read is a broken one only if the desk keeps "
    "it: --kept; one that its holder takes along is a lost one: desk lost, then desk reissue"
)


def replace_unreadable(desk: Desk, label: str, new: str, reason: str) -> bool:
    """坏卡换卡 without a word of the old card, which the desk keeps: the terminals' records prove what was on it."""
    if not _replaced(desk, desk.do(DeskOp.REPLACE, [label, new, reason, []]), label, new):
        return False
    desk.say(
        f"旧卡 {label} 由卡务台收存，请剪角入袋并写明卡号：别处不能再用，只等各终端收齐 / the desk keeps the old card: "
        "cut it, put it into a bag with its number; nobody can use it, the rest waits until all terminals brought all"
    )
    return True


def reissue(desk: Desk, label: str, new: str, reason: str) -> bool:
    """挂失补卡."""
    return _replaced(desk, desk.do(DeskOp.REISSUE, [label, new, reason]), label, new)


def release(desk: Desk, label: str, reason: str) -> bool:
    """余款解冻; False while something is left."""
    return _replaced(desk, desk.do(DeskOp.RELEASE, [label, reason]), label, "")


def balance_proof(desk: Desk, card: CardChannel, said: PurseSaid) -> list[object]:
    """The fields of a LoadAuth over nothing: MAC1 proves balance and counter. ConfigFault when the card will not."""
    card.transmit(select(CAMPUS))
    terminal = desk.body.settings.device
    opened = ResponseApdu.of_any(card.transmit(commands.init_load(KEY_ID, 0, terminal)))
    if opened.sw != Sw.OK or len(opened.data) != LOAD_ANSWER.size:
        raise ConfigFault("卡不能证明余额，请按不可读办理 / the card cannot prove its balance: use --label")
    balance, counter, version, algorithm, rnd, mac1 = LOAD_ANSWER.unpack(opened.data)
    return list(LoadAuth(said.card, version, algorithm, rnd, counter, balance, 0, TYPE_EP_LOAD, terminal, mac1))


def change_class(desk: Desk, card: CardChannel, number: int, reason: str) -> bool:
    """Student to staff: both files of each application under line protection, read back, then the ledger's fact."""
    who: CardId = public_of(card).card
    for profile, sfi, offset in _class_places(card):
        card.transmit(select(profile))
        outcome = run(desk, card, maintain(UpdateFile(sfi, offset, bytes((number,))), who))
        if not isinstance(outcome, DoneAtCard):
            return told(desk, outcome, ("", ""))
    after = public_of(card)
    if after.public.card_type != number:
        desk.say("写入后读出不符 / what was written does not read back")
        return False
    desk.say(f"卡内类别已改为 / the card's class is now: {' '.join(class_words(number))}")
    return desk.do(DeskOp.CLASS, [who, number, reason]) is not None


def _class_places(card: CardChannel) -> list[tuple[CardProfile, int, int]]:
    """The main application last: when it has the class, the card has it whole."""
    found = [SUBSIDY] if ResponseApdu.of_any(card.transmit(select(SUBSIDY))).sw == Sw.OK else []
    places = ((SFI_PUBLIC, CLASS_IN_PUBLIC), (SFI_HOLDER, CLASS_IN_HOLDER))
    return [(profile, *place) for profile in (*found, CAMPUS) for place in places]


def _replaced(desk: Desk, answer: list[object] | None, label: str, new: str) -> bool:
    if answer is None:
        return False
    said = parse_replaced(answer)
    for line in _lines(said, label, new):
        desk.say(line)
    return bool(new) or not (said.left_fen or said.subsidy_left_fen)


def _lines(said: Replaced, label: str, new: str) -> Iterator[str]:
    number = f"收据 receipt {said.receipt:06d} · " if said.receipt else ""
    if new:
        yield f"{number}旧卡 {label} 作废 is void，新卡 new card {new}"
    if said.again:
        yield f"（重复查询 told again）共转 total moved ¥{yuan(said.total_fen)}"
    else:
        yield (
            f"已转入新卡账户 moved to the new card's account: 卡内 purse ¥{yuan(said.purse_fen)} · "
            f"电子账户 online ¥{yuan(said.online_fen)} · 过渡余额 pending ¥{yuan(said.pending_fen)}"
        )
    if said.transit_fen:
        yield f"圈存在途 in transit ¥{yuan(said.transit_fen)}：待判定 not decided yet"
    if said.subsidy_fen:
        yield _SUBSIDY_MOVED.format(yuan(said.subsidy_fen))
    if said.left_fen:
        yield _frozen(said)
    if said.subsidy_left_fen:
        yield _SUBSIDY_LEFT.format(yuan(said.subsidy_left_fen))
    for name, place, records, slots, silent in said.owing:
        why = [f"欠 {records} 笔 records" if records else "", f"未了 {slots} 笔 open slots" if slots else ""]
        why.append("其后未联系 not heard since" if silent else "")
        why.append("未回报拒收旧卡 has not said that it refuses the old card" if said.was_lost else "")
        yield f"  {name} {place}: {'，'.join(filter(None, why))}"
    if said.waits > len(said.owing):
        yield f"  … 共 {said.waits} 台 terminals in all"
    yield from _way_out(said, label)


def _frozen(said: Replaced) -> str:
    if not said.was_lost:
        return (
            f"冻结待收齐 frozen until complete: ¥{yuan(said.left_fen)}，每台终端在此之后报到、没有欠账即可解冻 / until "
            "every terminal was heard of since, and owes nothing"
        )
    return (
        f"卡内余款冻结 what was on the card stays frozen: ¥{yuan(said.left_fen)}，待每台终端收齐并回报拒收旧卡"
        "（黑名单尚不下发），或两人销账 / until every terminal has brought all and refuses the old card, which none "
        "can say before hotlists travel, or two persons write it off"
    )


def _way_out(said: Replaced, label: str) -> Iterator[str]:
    """What a person can do about it."""
    if not said.waits:
        return
    first = said.owing[0][0] if said.owing else "NAME"
    yield f"逐台说明 each terminal: ./ykt cloud lost explain --card {label}"
    yield (
        f"两人销账 write-off, two persons: ./ykt cloud lost write-off --card {label} --terminal {first} "
        "--who NAME --reason TEXT"
    )
    yield f"其后 then: ./ykt desk release --label {label}"


def _void(desk: Desk, card: CardChannel) -> bool:
    if desk.keys is None:
        desk.say("旧卡未锁定，请剪角收存 / the old card is not blocked: cut it and keep it")
        return True
    if not operate(desk, card, "block-forever"):
        desk.say("旧卡请剪角收存 / cut the old card and keep it")
    return True
