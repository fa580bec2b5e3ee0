"""What a school lets online accounts pay 学校的账户支付限额: of one payment, and of a card on a day.

Append-only; the last word counts from its commit on. Asked in the transaction that moves the money, and judged by the
one rule (rule.py); a holder's own bound (bounds.py) stands below it. Before any word the rule's own figures count.
"""

from typing import NamedTuple

from cloud.ledger.funds.payments.rule import DAY_MAX_FEN, NOW_MS, SINGLE_MAX_FEN
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.errors import ConfigFault
from shared.money import yuan
from shared.words.voice import Text

ONE_LEAST_FEN, ONE_MOST_FEN = 10_00, 2_000_00
"""Above it a stolen card would take too much before anybody reports it."""
DAY_LEAST_FEN, DAY_MOST_FEN = 100_00, 5_000_00
"""A day has room for all uses of an offline code (60 yuan at most), so no certificate that is out goes beyond it."""
COLUMNS = "id, one_fen, day_fen, who, reason, at_ms"


class PayBounds(NamedTuple):
    """Fen of one payment, and of one card on a day of the ledger's, at most."""

    one_fen: int = SINGLE_MAX_FEN
    day_fen: int = DAY_MAX_FEN


class PayBoundsRefused(ConfigFault):
    """Happens when they are none. Nothing was changed."""


def pay_bounds(db: Database, at_ms: int = NOW_MS) -> PayBounds:
    """Those that count, or counted then. Inside of a transaction."""
    rows = db.run("SELECT one_fen, day_fen FROM pay_bound WHERE at_ms <= ? ORDER BY id DESC LIMIT 1", (at_ms,))
    return PayBounds(*rows[0]) if rows else PayBounds()


def set_pay_bounds(writing: Writing, bounds: PayBounds, who: str, reason: str) -> PayBounds:
    """Inside of a transaction. The same again changes nothing. PayBoundsRefused."""
    _require_sound(bounds)
    if pay_bounds(writing.db) == bounds:
        return bounds
    (last,) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM pay_bound")[0]
    row = (last + 1, *bounds, who, reason, writing.now.unix_ms)
    writing.db.insert("pay_bound", COLUMNS, [row])
    writing.booking.link(BookLinkKind.PAY_BOUND, last + 1, digest_of(row))
    return bounds


def _require_sound(bounds: PayBounds) -> None:
    one, day = ONE_LEAST_FEN <= bounds.one_fen <= ONE_MOST_FEN, DAY_LEAST_FEN <= bounds.day_fen <= DAY_MOST_FEN
    if not (one and day and bounds.one_fen <= bounds.day_fen):
        ones, days = (
            f"¥{yuan(least)}..{yuan(most)}"
            for least, most in ((ONE_LEAST_FEN, ONE_MOST_FEN), (DAY_LEAST_FEN, DAY_MOST_FEN))
        )
        raise PayBoundsRefused(
            Text(
                f"每笔 {ones}，每卡每日 {days}，不少于一笔",
                f"a payment {ones}, a card's day {days}, at least a payment",
            )
        )
