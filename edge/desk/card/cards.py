"""The life of a card at the desk: lost and found, replaced when broken or lost, the rest released, its class changed.

The ledger decides and books; the desk reads the card, proves its balance by the MAC1 of a load of nothing, and blocks
what is void. An old card that can be read is blocked for ever only after the ledger has said that it is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge.desk.card.adding import OTHERWISE
from edge.desk.card.upkeep import operate, public_of, run, told
from edge.desk.desk import Desk
from edge.desk.reading.examine import PurseSaid
from edge.desk.reading.reading import ask_books
from edge.desk.reading.words import class_words
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
from shared.wire.desk.calls import CardBooks, DeskOp, Replaced, parse_replaced
from shared.words.voice import Text

CLASS_IN_PUBLIC, CLASS_IN_HOLDER = 28, 0
"""Places of the card class: in file 0015 of the city form, and in file 0016."""
KEY_ID = 1
_REPORTED = Text(
    "补卡时电子账户与过渡余额即转新卡；卡内余款待各终端，挂失后的消费由学校承担",
    "at the reissue the online account and what is pending move at once; what is on the card waits for the "
    "terminals, and what it spends now the school bears",
)


def report(desk: Desk, operation: DeskOp, label: str, reason: str) -> bool:
    """挂失 or 解挂."""
    if desk.do(operation, [label, reason]) is None:
        return False
    if operation is not DeskOp.LOST:
        desk.say(Text(f"{label}: 已解挂", f"{label}: report cancelled"))
        return True
    desk.say(Text(f"{label}: 已挂失，账户已冻结", f"{label}: reported lost, its account is frozen"))
    desk.say(_REPORTED)
    explain = f"./ykt cloud lost explain --card {label}"
    desk.say(Text(f"等谁、如何销账：{explain}", f"for whom it waits, and the write-off: {explain}"))
    return True


def replace_readable(desk: Desk, card: CardChannel, new: str, reason: str) -> bool:
    """坏卡换卡 with the old card in the field."""
    said = public_of(card)
    books = ask_books(desk.centre, said)
    if not isinstance(books, CardBooks):
        raise ConfigFault(Text("账本没有答复这张卡", "the ledger does not answer for this card"))
    proof = balance_proof(desk, card, said)
    if not _replaced(desk, desk.do(DeskOp.REPLACE, [books.label, new, reason, proof]), books.label, new):
        return False
    return _void(desk, card)


def not_kept(label: str, new: str) -> Text:
    """A card that nobody can read is a broken one only in the desk's hand."""
    lost, reissued = f"desk lost --label {label}", f"desk reissue --label {label} --new {new}"
    return Text(
        f"不可读的旧卡要由卡务台收存才算坏卡：加 --kept；持卡人带走的，按挂失办理：{lost}，再 {reissued}",
        "a card that cannot be read is a broken one only if the desk keeps it: --kept; one that its holder takes "
        f"along is a lost one: {lost}, then {reissued}",
    )


def replace_unreadable(desk: Desk, label: str, new: str, reason: str) -> bool:
    """坏卡换卡 without a word of the old card, which the desk keeps: the terminals' records prove what was on it."""
    if not _replaced(desk, desk.do(DeskOp.REPLACE, [label, new, reason, []]), label, new):
        return False
    desk.say(
        Text(
            f"旧卡 {label} 由卡务台收存，请剪角入袋并写明卡号：别处不能再用，只等各终端收齐",
            f"the desk keeps the old card {label}: cut it and put it into a bag with its number; nobody can use it, "
            "the rest waits until every terminal is complete",
        )
    )
    return True


def reissue(desk: Desk, label: str, new: str, reason: str) -> bool:
    """挂失补卡."""
    return _replaced(desk, desk.do(DeskOp.REISSUE, [label, new, reason]), label, new)


def release(desk: Desk, label: str, reason: str) -> bool:
    """余款解冻; False while something is left."""
    return _replaced(desk, desk.do(DeskOp.RELEASE, [label, reason]), label, "")


NO_PROOF = Text(
    "卡不能证明余额，请按不可读办理（--label）", "the card cannot prove its balance: take it as not readable (--label)"
)


def balance_proof(desk: Desk, card: CardChannel, said: PurseSaid) -> list[object]:
    """The fields of a LoadAuth over nothing: MAC1 proves balance and counter. ConfigFault when the card will not."""
    card.transmit(select(CAMPUS))
    terminal = desk.body.settings.device
    opened = ResponseApdu.of_any(card.transmit(commands.init_load(KEY_ID, 0, terminal)))
    if opened.sw != Sw.OK or len(opened.data) != LOAD_ANSWER.size:
        raise ConfigFault(NO_PROOF)
    balance, counter, version, algorithm, rnd, mac1 = LOAD_ANSWER.unpack(opened.data)
    return list(LoadAuth(said.card, version, algorithm, rnd, counter, balance, 0, TYPE_EP_LOAD, terminal, mac1))


def change_class(desk: Desk, card: CardChannel, number: int, reason: str) -> bool:
    """Student to staff: both files of each application under line protection, read back, then the ledger's fact."""
    who: CardId = public_of(card).card
    kind = class_words(number)
    now = Text(f"卡内类别已改为{kind.zh}", f"the card's class is now {kind.en}")
    for profile, sfi, offset in _class_places(card):
        card.transmit(select(profile))
        outcome = run(desk, card, maintain(UpdateFile(sfi, offset, bytes((number,))), who))
        if not isinstance(outcome, DoneAtCard):
            return told(desk, outcome, now)
    after = public_of(card)
    if after.public.card_type != number:
        desk.say(OTHERWISE)
        return False
    desk.say(now)
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


def _lines(said: Replaced, label: str, new: str) -> Iterator[Text]:
    number = Text(f"收据 {said.receipt:06d} · ", f"receipt {said.receipt:06d} · ") if said.receipt else ""
    if new:
        yield Text(f"{number}旧卡 {label} 作废，新卡 {new}", f"{number}old card {label} is void, new card {new}")
    yield _moved(said)
    if said.transit_fen:
        transit = yuan(said.transit_fen)
        yield Text(f"圈存在途 ¥{transit}：待判定", f"in transit ¥{transit}: not decided yet")
    yield from _subsidy(said)
    if said.left_fen:
        yield _frozen(said)
    for owing in said.owing:
        yield _waiting(owing, was_lost=said.was_lost)
    if said.waits > len(said.owing):
        yield Text(f"  … 共 {said.waits} 台", f"  … {said.waits} terminals in all")
    yield from _way_out(said, label)


def _moved(said: Replaced) -> Text:
    if said.again:
        total = yuan(said.total_fen)
        return Text(f"（重复查询）共转 ¥{total}", f"(told again) ¥{total} moved in all")
    purse, online, pending = yuan(said.purse_fen), yuan(said.online_fen), yuan(said.pending_fen)
    return Text(
        f"已转入新卡账户：卡内 ¥{purse} · 电子账户 ¥{online} · 过渡余额 ¥{pending}",
        f"moved to the new card's account: purse ¥{purse} · online account ¥{online} · pending load ¥{pending}",
    )


def _subsidy(said: Replaced) -> Iterator[Text]:
    if said.subsidy_fen:
        moved = yuan(said.subsidy_fen)
        yield Text(
            f"补助 ¥{moved} 记为新卡待回补助，暂不能圈入卡内",
            f"a subsidy of ¥{moved} waits as the new card's; it cannot be loaded onto it yet",
        )
    if said.subsidy_left_fen:
        left = yuan(said.subsidy_left_fen)
        yield Text(
            f"旧卡补助 ¥{left} 冻结待收齐，之后用 release 解冻",
            f"¥{left} of the old card's subsidy is frozen until complete; then release it",
        )


def _waiting(owing: tuple[str, str, int, int, bool], *, was_lost: bool) -> Text:
    """One terminal, and why it is waited for."""
    name, place, records, slots, silent = owing
    why = [Text(f"欠 {records} 笔记录", f"owes records: {records}")] if records else []
    why += [Text(f"未了 {slots} 笔", f"open transactions: {slots}")] if slots else []
    why += [Text("其后未联系", "not heard since")] if silent else []
    why += [Text("未回报拒收旧卡", "has not said that it refuses the old card")] if was_lost else []
    zh, en = "，".join(one.zh for one in why), ", ".join(one.en for one in why)
    return Text(f"  {name} {place}: {zh}", f"  {name} {place}: {en}")


def _frozen(said: Replaced) -> Text:
    left = yuan(said.left_fen)
    if not said.was_lost:
        return Text(
            f"冻结待收齐 ¥{left}：每台终端在此之后报到、没有欠账即可解冻",
            f"frozen until complete ¥{left}: until every terminal was heard of since, and owes nothing",
        )
    return Text(
        f"卡内余款冻结 ¥{left}：待每台终端收齐并回报拒收旧卡，或两人销账",
        f"what was on the card stays frozen ¥{left}: until every terminal has brought all and refuses the old card, "
        "or two persons write it off",
    )


def _way_out(said: Replaced, label: str) -> Iterator[Text]:
    """What a person can do about it."""
    if not said.waits:
        return
    first = said.owing[0][0] if said.owing else "NAME"
    explain = f"./ykt cloud lost explain --card {label}"
    write_off = f"./ykt cloud lost write-off --card {label} --terminal {first} --who NAME --reason TEXT"
    release_it = f"./ykt desk release --label {label}"
    yield Text(f"逐台说明：{explain}", f"each terminal: {explain}")
    yield Text(f"两人销账：{write_off}", f"write-off by two persons: {write_off}")
    yield Text(f"其后：{release_it}", f"then: {release_it}")


def _void(desk: Desk, card: CardChannel) -> bool:
    if desk.keys is None:
        desk.say(Text("旧卡未锁定，请剪角收存", "the old card is not blocked: cut it and keep it"))
        return True
    if not operate(desk, card, "block-forever"):
        desk.say(Text("旧卡请剪角收存", "cut the old card and keep it"))
    return True
