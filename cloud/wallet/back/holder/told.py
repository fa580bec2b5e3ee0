"""What the file of people has to tell a holder or who may see him: reports, answers, PINs, new devices. Each in order.

Inside of a snapshot of that file; `messages.py` says them, among what the books have.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cloud.ledger.read.told.news import Key, News, Source, after_key, behind
from cloud.payments.pins import pin_deeds
from cloud.store.db import Database
from cloud.wallet.back.context import WALLET, Chosen
from cloud.wallet.people.consents import has_consent
from cloud.wallet.people.persons import Person, children_of, person_with_holder
from cloud.wallet.people.records.devices import new_devices
from cloud.wallet.people.sight import OF_AGE, age
from shared.money import yuan
from shared.wire.desk.line import Deed
from shared.words.voice import Text

PAGE = 30


class Wanted(NamedTuple):
    """By whom, of whom, behind which place. cards: his, and those whose place it took."""

    person: Person
    whose: Chosen
    cards: Sequence[bytes]
    before: Key
    campus_s: int


def told(people: Database, wanted: Wanted) -> list[News]:
    """All of it, a page of each at most."""
    number, before = wanted.whose.holder.number, wanted.before
    return [*_reports(people, number, before), *_answers(people, number, before), *_pins(people, wanted),
            *_sign_ins(people, wanted)]  # fmt: skip


def _reports(people: Database, number: str, before: Key) -> Iterator[News]:
    sql = (
        "SELECT b.id, b.person, b.why, b.at_ms, COALESCE(f.name, '') FROM block b LEFT JOIN block_from f "  # noqa: S608
        f"ON f.block = b.id WHERE b.holder = ? AND {behind('b.at_ms', 'b.id')} ORDER BY b.at_ms DESC, b.id DESC LIMIT ?"
    )
    for report, person, why, at_ms, name in people.run(sql, (number, *after_key(before, Source.REPORT), PAGE)):
        yield News((at_ms, Source.REPORT, report), "lost", place=name, detail=why, who=f"{WALLET}:{person}")


def _answers(people: Database, number: str, before: Key) -> Iterator[News]:
    sql = (
        "SELECT d.id, a.at_ms, d.entry, a.way, a.word FROM dispute_answer a JOIN dispute d ON d.id = a.dispute "  # noqa: S608
        f"WHERE d.holder = ? AND {behind('a.at_ms', 'd.id')} ORDER BY a.at_ms DESC, d.id DESC LIMIT ?"
    )
    for dispute, at_ms, entry, way, word in people.run(sql, (number, *after_key(before, Source.ANSWER), PAGE)):
        yield News((at_ms, Source.ANSWER, dispute), "answer", detail=word, who=way, entry=entry)


def _pins(people: Database, wanted: Wanted) -> Iterator[News]:
    for card in wanted.cards:
        for at_ms, deed in pin_deeds(people, card, PAGE):
            key = (at_ms, int(Source.PIN), 0)
            if key < wanted.before:
                yield News(key, deed)


def _sign_ins(people: Database, wanted: Wanted) -> Iterator[News]:
    """A person's own, with his own card or, where he has none, with the first child's; and a minor's with his, for
    whoever sees him, as long as a guardian's consent to that wallet stands."""
    person, whose = wanted.person, wanted.whose
    home = person.holder or next(iter(children_of(people, person.id)), "")
    if home == whose.holder.number:
        yield from _of(people, person.id, "signed-in", wanted.before)
    holder = person_with_holder(people, whose.holder.number)
    if holder is None or whose.is_own or age(whose.holder.born, wanted.campus_s) >= OF_AGE:
        return
    if has_consent(people, whose.holder.number):
        yield from _of(people, holder.id, "child-signed-in", wanted.before)


def _of(people: Database, person: int, what: str, before: Key) -> Iterator[News]:
    for one in new_devices(people, person):
        key = (one.at_ms, int(Source.SIGN_IN), person)
        if key < before:
            yield News(key, what, place=one.address)


def plain(one: News) -> Text:
    """In words, for what needs nothing but itself."""
    fen, place = yuan(one.fen), one.place
    says = {
        "sent-back": Text(f"¥{fen} 正从在线账户退回原付款渠道", f"¥{fen} is going back to where it was paid in from"),
        "low": Text(f"在线账户余额不足：剩 ¥{fen}", f"The online account is low: ¥{fen} is left"),
        "low-card": Text(
            f"卡内余额不足：按已到账的记录剩 ¥{fen}", f"The card is low: ¥{fen} is left by the records that have come"
        ),
        "bound": Text("已到当日限额，付款被拒", "The bound of the day was reached: a payment was refused"),
        "overdue": Text(
            f"备用卡 {place} 已逾期停用，请尽快归还", f"The spare card {place} is late and blocked: bring it back"
        ),
        Deed.PIN_RELOAD.value: Text("卡的口令已重设", "The card's PIN was set anew"),
        Deed.PIN_UNBLOCK.value: Text("卡的口令已解锁", "The card's PIN was unblocked"),
        "signed-in": Text(f"您在新设备上登录了钱包（{place}）；不是您，请到“更多”退出该设备",
                          f"You signed in from a new device ({place}); if that was not you, end it under More"),
        "child-signed-in": Text(
            f"持卡人在新设备上登录了钱包（{place}）", f"The holder signed in from a new device ({place})"
        ),
    }  # fmt: skip
    return says[one.what]
