"""Payment cases in the books: one row per request (device, epoch, request), and how it stands.

A request that was refused has a row, so that a repeated one hears the same; so has one whose reversal came first.
"""

from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.funds.orders.rows import OnlineState
from cloud.ledger.funds.payments.rule import NOW_MS
from cloud.ledger.funds.successors import FORMER_MAX, former_cards
from cloud.store.db import Database
from shared.online import code_in, code_means, is_means, parse_request

COLUMNS = (
    "key, card, amount_fen, psam, box, payload, result, left_fen, state, entry, day, record, reversal, reversed_day, "
    "opened_ms, changed_ms"
)


class PaymentState(IntEnum):
    """Frozen numbers: they stand in the books."""

    REFUSED = 0
    APPROVED = 1
    """The account has paid."""
    REVERSED = 2
    """It has its money back."""
    TOMBSTONE = 3
    """Its reversal came first: the request is refused for ever."""
    HELD = 4
    """The account has paid, and a reversal waits for two persons: it contradicts what is held, or is above bounds."""
    WORD = 5
    """The terminal says that it was paid, and nobody here approved it."""
    OPEN = 6
    """An order 收款码 of a till's: a wallet may pay it."""


class PaymentCase(NamedTuple):
    """One row. entry: of the payment; record: the terminal's word that it was paid; reversal: its reversal's
    record, which came on reversed_day."""

    key: bytes
    card: bytes
    amount_fen: int
    psam: bytes
    box: str
    payload: bytes
    result: int
    left_fen: int
    state: int
    entry: int | None
    day: int
    record: int | None
    reversal: int | None
    reversed_day: int | None
    opened_ms: int
    changed_ms: int


def case_of(db: Database, key: bytes) -> PaymentCase | None:
    """The case of this request."""
    rows = db.run(f"SELECT {COLUMNS} FROM payment_case WHERE key = ?", (key,))  # noqa: S608  # our own names
    return PaymentCase(*rows[0]) if rows else None


def keep(db: Database, case: PaymentCase) -> None:
    """New, or in the place of what stood under its key."""
    db.upsert("payment_case", COLUMNS, "key", [tuple(case)])


def means_of(case: PaymentCase) -> bytes:
    """What the terminal's record of it names: the card that was shown, or the digest of the code that paid in its
    place. A spare card is shown for another one that pays."""
    if not case.payload:
        return case.card
    asked = parse_request(case.payload)
    code = code_in(asked)
    return code_means(code) if code else asked.card


def is_by_code(case: PaymentCase) -> bool:
    """Was a code shown, by a phone or by the till, and no card?"""
    return is_means(means_of(case))


def guesses_on(db: Database, device: bytes, day: int) -> int:
    """So many codes that were none this terminal has asked with on this day."""
    return asked_on(db, nobodys(device), day)


def asked_on(db: Database, card: bytes, day: int) -> int:
    """So many payments of this card, or what stands in the place of one, on this day."""
    return int(db.run("SELECT COUNT(*) FROM payment_case WHERE card = ? AND day = ?", (card, day))[0][0])


def nobodys(device: bytes) -> bytes:
    """In the place of the card of a code that is none: who has asked with it."""
    return b"\xff\xfe\0\0" + device


def unpaid(device: bytes) -> bytes:
    """In the place of the card of a till's order that nobody has paid."""
    return b"\xff\xfc\0\0" + device


def paid_on(db: Database, card: bytes, day: int, at_ms: int = NOW_MS) -> int:
    """What this card's account has paid on this day, or had until then, in fen, at tills, on line and by offline codes
    as far as they have come, without what was given back or the school bears; with what those cards have paid in whose
    place it came: an exchange at the desk begins no new day."""
    return sum(_paid_by(db, one, day, at_ms) for one in former_cards(db, card, FORMER_MAX))


def paid_with_since(db: Database, payer: bytes, shown: bytes, since_ms: int) -> int:
    """What this card's account has paid at tills since then where that card was shown, in fen, without what was given
    back: neither by a code nor by another card, as a spare one."""
    return _paid_with(db, payer, shown, "opened_ms >= ?", since_ms)


def _paid_by(db: Database, card: bytes, day: int, at_ms: int) -> int:
    """What a till has given back later had been paid until then."""
    states = (int(PaymentState.APPROVED), int(PaymentState.HELD), int(PaymentState.REVERSED), at_ms)
    at_tills = (
        "SELECT amount_fen AS fen FROM payment_case WHERE card = ? AND day = ? AND opened_ms <= ? "
        "AND (state IN (?, ?) OR (state = ? AND changed_ms > ?))"
    )
    by_orders = (
        "SELECT CASE WHEN state = ? THEN amount_fen ELSE captured_fen - refunded_fen END FROM online_payment "
        "WHERE card = ? AND day = ? AND opened_ms <= ?"
    )
    by_codes = "SELECT fen - borne_fen FROM code_use WHERE card = ? AND day = ? AND at_ms <= ? AND entry IS NOT NULL"
    paid = f"{at_tills} UNION ALL {by_orders} UNION ALL {by_codes}"
    sql = f"SELECT CAST(COALESCE(SUM(fen), 0) AS BIGINT) FROM ({paid}) AS paid"  # noqa: S608  # ours
    which = card, day, at_ms
    return int(db.run(sql, (*which, *states, int(OnlineState.AUTHORISED), *which, *which))[0][0])


def spare_paid_on(db: Database, payer: bytes, spare: bytes, day: int) -> int:
    """What of it was paid by tapping this spare card."""
    return _paid_with(db, payer, spare, "day = ?", day)


def _paid_with(db: Database, payer: bytes, shown: bytes, when: str, at: int) -> int:
    sql = f"SELECT {COLUMNS} FROM payment_case WHERE card = ? AND {when} AND state IN (?, ?)"  # noqa: S608  # ours
    states = (int(PaymentState.APPROVED), int(PaymentState.HELD))
    rows = [row for one in former_cards(db, payer, FORMER_MAX) for row in db.run(sql, (one, at, *states))]
    return sum(case.amount_fen for case in map(PaymentCase._make, rows) if means_of(case) == shown)


def reversed_on(db: Database, device: bytes, day: int) -> tuple[int, int]:
    """How many payments of this terminal were given back on this day of receipt, and their sum."""
    sql = (
        "SELECT COUNT(*), CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM payment_case "
        "WHERE reversed_day = ? AND state = ? AND key >= ? AND key <= ?"
    )
    ((times, fen),) = db.run(sql, (day, int(PaymentState.REVERSED), device, device + b"\xff" * 6))
    return times, fen
