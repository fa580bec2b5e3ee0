"""What happened to a card and its account, newest first, as its holder is told: a page at a time. Inside of a snapshot.

Made from the books' own rows: nothing is kept of it. A page asks each source for so many rows behind one place, so what
it costs does not grow with the years of a card. Payments are looked for among the RECORDS_MAX newest records of a card.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.cards.life import DeedKind
from cloud.ledger.findings.found import What
from cloud.ledger.funds.orders.rows import OnlineState
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.funds.successors import former_cards
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.read.books import records_numbered
from cloud.store.db import Database

CARDS_MAX = 4
"""This card, and those in whose place it is."""
RECORDS_MAX = 400
DEPOSITS = (EntryKind.DEPOSIT, EntryKind.CASH_IN, EntryKind.DEPOSIT_ASSIGNED)
REFUNDS = (
    EntryKind.VOID, EntryKind.ACCOUNT_REVERSED, EntryKind.ONLINE_VOID, EntryKind.ONLINE_REFUNDED,
    EntryKind.HELD_RETURNED,
)  # fmt: skip
GIVEN = (*DEPOSITS, EntryKind.GRANT, *REFUNDS)
"""Kinds that the index ix_posting_given has, in the migration's words."""
_KINDS = ", ".join(str(int(kind)) for kind in sorted(GIVEN))
_BEHIND = "({at} < ? OR ({at} = ? AND {number} < ?))"
FIRST = (2**62, 2**31, 2**62)
"""Behind nothing: the newest page."""
Key = tuple[int, int, int]
"""(at_ms, source, number): falling from page to page, and nobody's twice."""


class Source(IntEnum):
    """Where a line comes from; part of a place in the list."""

    ENTRY = 1
    DEED = 2
    FINDING = 3
    RECORD = 4
    ACCOUNT = 5
    ORDER = 6
    REPORT = 7
    """Not of the books: who reported a loss; ANSWER neither."""
    ANSWER = 8
    CODE = 9
    FALL = 10
    """Of account_news.py, as the next three."""
    SPARE = 11
    BOUND = 12
    RETURN = 13
    PIN = 14
    """Not of the books either, as the next one."""
    SIGN_IN = 15
    PURSE_FALL = 16
    """Of account_news.py."""


class News(NamedTuple):
    """what: deposit, refund, grant, paid; lost, found, replaced; finding, then `detail` is its kind. who: by whom."""

    key: Key
    what: str
    fen: int = 0
    place: str = ""
    detail: str = ""
    who: str = ""
    entry: int = 0


def news(db: Database, card: bytes, before: Key, most: int, above_fen: int = 0) -> list[News]:
    """So many at most. above_fen: payments from this sum on, 0: none."""
    cards = former_cards(db, card, CARDS_MAX)
    found = [*_given(db, cards, before, most), *_deeds(db, cards, before, most), *_found(db, cards, before, most)]
    if above_fen:
        found += [*_records(db, cards, before, above_fen), *_by_account(db, cards, before, most, above_fen)]
        found += [*_by_orders(db, cards, before, most, above_fen), *_by_codes(db, cards, before, most, above_fen)]
    return newest(found, most)


def newest(found: Iterable[News], most: int) -> list[News]:
    """Of several lists that are each in order, or not."""
    return sorted(found, key=lambda one: one.key, reverse=True)[:most]


def behind(at: str, number: str) -> str:
    """A condition that takes what `after_key` returns."""
    return _BEHIND.format(at=at, number=number)


def after_key(before: Key, source: int) -> tuple[int, int, int]:
    """Rows of this source that stand behind that place."""
    at_ms, of, number = before
    return at_ms, at_ms, number if of == source else 2**62 if source < of else 0


def _given(db: Database, cards: Sequence[bytes], before: Key, most: int) -> Iterator[News]:
    rows = db.find(f"SELECT {CARD_ACCOUNTS} FROM card WHERE card", cards)  # noqa: S608  # ours
    accounts = [account for row in rows for account in row]
    marks = ", ".join("?" * len(accounts))
    sql = (
        f"SELECT entry, kind, booked_at_ms, SUM(fen) FROM posting WHERE credit IN ({marks}) AND kind IN ({_KINDS}) "  # noqa: S608  # ours
        f"AND {behind('booked_at_ms', 'entry')} GROUP BY entry, kind, booked_at_ms "
        "ORDER BY booked_at_ms DESC, entry DESC LIMIT ?"
    )
    for entry, kind, at_ms, fen in db.run(sql, (*accounts, *after_key(before, Source.ENTRY), most)):
        what = "deposit" if kind in DEPOSITS else "grant" if kind == EntryKind.GRANT else "refund"
        yield News((at_ms, Source.ENTRY, entry), what, int(fen), entry=entry)


_TOLD = {DeedKind.LOST: "lost", DeedKind.FOUND: "found", DeedKind.REPLACED: "replaced", DeedKind.REISSUED: "replaced"}


def _deeds(db: Database, cards: Sequence[bytes], before: Key, most: int) -> Iterator[News]:
    for card in cards:
        sql = (
            f"SELECT id, kind, cashier, at_ms FROM card_deed WHERE card = ? AND {behind('at_ms', 'id')} "  # noqa: S608
            "ORDER BY at_ms DESC, id DESC LIMIT ?"
        )
        for number, kind, who, at_ms in db.run(sql, (card, *after_key(before, Source.DEED), most)):
            if kind in _TOLD:
                yield News((at_ms, Source.DEED, number), _TOLD[DeedKind(kind)], who=who)


def _found(db: Database, cards: Sequence[bytes], before: Key, most: int) -> Iterator[News]:
    for card in cards:
        sql = (
            f"SELECT id, kind, found_ms FROM finding WHERE card = ? AND {behind('found_ms', 'id')} "  # noqa: S608
            "ORDER BY found_ms DESC, id DESC LIMIT ?"
        )
        for number, kind, at_ms in db.run(sql, (card, *after_key(before, Source.FINDING), most)):
            yield News((at_ms, Source.FINDING, number), "finding", detail=What(kind).name.lower())


def _records(db: Database, cards: Sequence[bytes], before: Key, above_fen: int) -> Iterator[News]:
    """What the card itself has paid."""
    sql = "SELECT record FROM proof WHERE card_key >= ? AND card_key <= ? ORDER BY record DESC LIMIT ?"
    numbers = [n for card in cards for (n,) in db.run(sql, (card, card + b"\xff" * 4, RECORDS_MAX))]
    for number, one in records_numbered(db, numbers).items():
        key = (one.received_ms, int(Source.RECORD), number)
        if one.kind == "purchase" and one.amount_fen >= above_fen and key < before:
            yield News(key, "paid", one.amount_fen, one.terminal)


def _by_account(db: Database, cards: Sequence[bytes], before: Key, most: int, above_fen: int) -> Iterator[News]:
    """At a till, by account or code."""
    sql = (
        "SELECT c.entry, c.opened_ms, c.amount_fen FROM payment_case c WHERE c.card = ? AND c.state = ? "  # noqa: S608
        f"AND c.amount_fen >= ? AND {behind('c.opened_ms', 'c.entry')} ORDER BY c.opened_ms DESC, c.entry DESC LIMIT ?"
    )
    for card in cards:
        given = (card, int(PaymentState.APPROVED), above_fen, *after_key(before, Source.ACCOUNT), most)
        for entry, at_ms, fen in db.run(sql, given):
            yield News((at_ms, Source.ACCOUNT, entry), "paid", fen, entry=entry)


def _by_orders(db: Database, cards: Sequence[bytes], before: Key, most: int, above_fen: int) -> Iterator[News]:
    sql = (
        "SELECT p.id, p.opened_ms, p.amount_fen, o.merchant FROM online_payment p JOIN pay_order o "  # noqa: S608
        f"ON o.id = p.pay_order WHERE p.card = ? AND p.state IN (?, ?) AND p.amount_fen >= ? "
        f"AND {behind('p.opened_ms', 'p.id')} ORDER BY p.opened_ms DESC, p.id DESC LIMIT ?"
    )
    states = int(OnlineState.AUTHORISED), int(OnlineState.CAPTURED)
    for card in cards:
        for number, at_ms, fen, merchant in db.run(
            sql, (card, *states, above_fen, *after_key(before, Source.ORDER), most)
        ):
            yield News((at_ms, Source.ORDER, number), "paid", fen, merchant)


def _by_codes(db: Database, cards: Sequence[bytes], before: Key, most: int, above_fen: int) -> Iterator[News]:
    """At a till without a network, by an offline code; what the school has borne whole is nobody's payment."""
    sql = (
        f"SELECT id, entry, at_ms, fen, stall FROM code_use WHERE card = ? AND entry IS NOT NULL AND against = 0 "  # noqa: S608
        f"AND fen >= ? AND {behind('at_ms', 'id')} ORDER BY at_ms DESC, id DESC LIMIT ?"
    )
    for card in cards:
        for number, entry, at_ms, fen, stall in db.run(sql, (card, above_fen, *after_key(before, Source.CODE), most)):
            yield News((at_ms, Source.CODE, number), "paid", fen, stall, entry=entry)
