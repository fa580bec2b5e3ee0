"""News 消息 of the online account and of what stands in for its card: money on its way back, a low balance, the bound
of a day, a spare card that is late. As `news.py`: made of the books' own rows each time, so nothing is told twice.

Inside of a snapshot. Falls are looked for among the MOVES_MAX newest moves of the account, bounds among as many
refusals.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from cloud.ledger.books.chart import Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.funds.bounds import bound_of
from cloud.ledger.funds.payments.cases import COLUMNS, PaymentCase, PaymentState, paid_on
from cloud.ledger.funds.payments.school import pay_bounds
from cloud.ledger.funds.spares import SpareAct
from cloud.ledger.journal.balances import balance
from cloud.ledger.read.told.news import Key, News, Source, after_key, behind, newest
from cloud.store.db import Database
from shared.online import PaymentResult

MOVES_MAX = 400
_LEAVES = (EntryKind.DEPOSIT_REFUNDED, EntryKind.REFUND_HELD)
"""On its way to whoever paid it in."""
_COMES_BACK = (EntryKind.REFUND_BACK, EntryKind.SPARE_RETURNED)


class Low(NamedTuple):
    """He wants to hear when the account, or the card by its records, falls below so much; it counts from then on.
    fen 0: not at all."""

    fen: int = 0
    since_ms: int = 0


NEVER = Low()


def account_news(db: Database, cards: Sequence[bytes], before: Key, most: int, low: Low = NEVER) -> list[News]:
    """So many at most, newest first: sent-back, refund, low, low-card, bound, overdue. cards: the card, and those
    whose place it took."""
    rows = db.run("SELECT online_account, purse_account FROM card WHERE card = ?", (cards[0],))
    if not rows:
        return []
    ((account, purse),) = rows
    found = [
        *_moved(db, account, before, most), *_spares(db, cards, before, most),
        *islice(_bounds(db, cards, before), most),
        *(_falls(db, account, before, low, Source.FALL) if low.fen else ()),
        *(_falls(db, purse, before, low, Source.PURSE_FALL) if low.fen else ()),
    ]  # fmt: skip
    return newest(found, most)


def _moved(db: Database, account: int, before: Key, most: int) -> Iterator[News]:
    """By the account's indexes; of purchases, which credit no account of a card, there is none."""
    left, back = (", ".join(str(int(kind)) for kind in kinds) for kinds in (_LEAVES, _COMES_BACK))
    place = behind("booked_at_ms", "entry")
    sql = (
        f"SELECT entry, booked_at_ms, -fen FROM posting WHERE debit = ? AND kind IN ({left}) AND {place} "  # noqa: S608  # ours
        "UNION ALL SELECT entry, booked_at_ms, fen FROM posting WHERE credit = ? "
        f"AND kind <> {int(EntryKind.PURCHASE)} AND kind IN ({back}) AND {place} ORDER BY 1 DESC LIMIT ?"
    )
    after = after_key(before, Source.RETURN)
    for entry, at_ms, fen in db.run(sql, (account, *after, account, *after, most)):
        yield News((at_ms, Source.RETURN, entry), "sent-back" if fen < 0 else "refund", abs(fen), entry=entry)


def _spares(db: Database, cards: Sequence[bytes], before: Key, most: int) -> Iterator[News]:
    sql = (
        "SELECT s.id, s.at_ms, COALESCE(c.label, '') FROM spare_card s LEFT JOIN card c ON c.card = s.card "  # noqa: S608  # ours
        f"WHERE s.holder IN ({_marks(cards)}) AND s.act = ? AND {behind('s.at_ms', 's.id')} ORDER BY s.id DESC LIMIT ?"
    )
    given = (*cards, int(SpareAct.OVERDUE), *after_key(before, Source.SPARE), most)
    for number, at_ms, label in db.run(sql, given):
        yield News((at_ms, Source.SPARE, number), "overdue", place=label)


def _bounds(db: Database, cards: Sequence[bytes], before: Key) -> Iterator[News]:
    """Days on which a payment was refused under a bound that stood then, each once: at its first refusal."""
    marks = _marks(cards)
    if not db.run(f"SELECT 1 FROM account_bound WHERE card IN ({marks}) LIMIT 1", tuple(cards)):  # noqa: S608  # marks
        return
    sql = (
        f"SELECT {COLUMNS} FROM payment_case WHERE card IN ({marks}) AND state = ? AND result = ? AND opened_ms <= ? "  # noqa: S608  # ours
        "ORDER BY day DESC, opened_ms LIMIT ?"
    )
    asked = (int(PaymentState.REFUSED), int(PaymentResult.OVER_LIMIT), before[0], MOVES_MAX)
    for day, cases in groupby(map(PaymentCase._make, db.run(sql, (*cards, *asked))), key=lambda case: case.day):
        first = next((case for case in cases if _is_by_bound(db, case)), None)
        if first is not None and (key := (first.opened_ms, int(Source.BOUND), day)) < before:
            yield News(key, "bound")


def _is_by_bound(db: Database, case: PaymentCase) -> bool:
    """Of a refusal: was it the holder's own bound of the day, and neither what the school sets nor what the card that
    was shown may itself pay, a capped or a spare one? What was loaded onto a spare that day is not looked at."""
    own, school = bound_of(db, case.card, case.opened_ms), pay_bounds(db, case.opened_ms)
    if own is None or own.day_fen >= school.day_fen or case.amount_fen > school.one_fen:
        return False
    return paid_on(db, case.card, case.day, case.opened_ms) + case.amount_fen > own.day_fen


def _marks(cards: Sequence[bytes]) -> str:
    return ", ".join("?" * len(cards))


_FALLS = {Source.FALL: "low", Source.PURSE_FALL: "low-card"}


def _falls(db: Database, account: int, before: Key, low: Low, source: Source) -> Iterator[News]:
    """Each entry that left less than that, where there was as much before it."""
    after = balance(db, account, Side.CREDIT)
    for (entry, at_ms), moves in groupby(_moves(db, account, low.since_ms), key=lambda row: row[:2]):
        had = after - sum(fen for _, _, fen in moves)
        key = (at_ms, int(source), entry)
        if after < low.fen <= had and key < before:
            yield News(key, _FALLS[source], after, entry=entry)
        after = had


def _moves(db: Database, account: int, since_ms: int) -> list[tuple[int, int, int]]:
    """(entry, at_ms, fen), newest first; fen below zero: it left."""
    ends = "AND booked_at_ms > ? ORDER BY entry DESC LIMIT ?"
    spent = f"SELECT entry, booked_at_ms, -fen FROM posting WHERE debit = ? {ends}"  # noqa: S608  # ours
    came = f"SELECT entry, booked_at_ms, fen FROM posting WHERE credit = ? AND kind <> {int(EntryKind.PURCHASE)} {ends}"  # noqa: S608  # ours
    rows = [row for sql in (spent, came) for row in db.run(sql, (account, since_ms, MOVES_MAX))]
    return sorted(rows, reverse=True)[:MOVES_MAX]
