"""Receipts of the card desk: one per deed that a cashier gives paper for, numbered 1, 2, … per cashier, no gap.

The number is given in the transaction of the deed, so a deed that was not committed has none. Append-only.
"""

from dataclasses import dataclass
from enum import IntEnum

from cloud.ledger.cards.refusals import DAY_CLOSED, KEY_USED, DeskRefused
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.clocks.clock import day_number

COLUMNS = "cashier, number, key, day, kind, card, fen, entry, at_ms, at_s"
NOBODY = b""
"""Card of a receipt that is about none."""


class ReceiptKind(IntEnum):
    """Frozen numbers: they stand in the books."""

    CASH_IN = 1
    CASH_OUT = 2
    CASH_FLOAT = 3
    UNLOAD = 4
    REPLACE = 5
    RELEASE = 6
    SPARE_LENT = 7
    SPARE_RETURNED = 8


@dataclass(frozen=True, slots=True)
class Receipt:
    """One row. entry: None where nothing moved."""

    cashier: str
    number: int
    key: bytes
    day: int
    kind: int
    card: bytes
    fen: int
    entry: int | None
    at_ms: int
    at_s: int


def receipt_of(db: Database, key: bytes) -> Receipt | None:
    """The receipt of this deed."""
    rows = db.run(f"SELECT {COLUMNS} FROM receipt WHERE key = ?", (key,))  # noqa: S608  # our own names
    return Receipt(*rows[0]) if rows else None


def given_before(db: Database, key: bytes, cashier: str, kind: ReceiptKind, card: bytes, fen: int) -> Receipt | None:
    """The receipt if this very deed was done before. DeskRefused when the key was used for another."""
    known = receipt_of(db, key)
    if known is not None and (known.cashier, known.kind, known.card, known.fen) != (cashier, kind, card, fen):
        raise DeskRefused(KEY_USED)
    return known


def add_receipt(
    writing: Writing, cashier: str, kind: ReceiptKind, card: bytes, fen: int, entry: int | None, key: bytes
) -> Receipt:
    """The next number of this cashier."""
    last = writing.db.run("SELECT MAX(number) FROM receipt WHERE cashier = ?", (cashier,))[0][0] or 0
    now = writing.now
    made = Receipt(
        cashier, last + 1, key, day_number(now.campus_s), int(kind), card, fen, entry, now.unix_ms, now.campus_s
    )
    writing.db.insert("receipt", COLUMNS, [tuple(getattr(made, name) for name in COLUMNS.split(", "))])
    return made


def require_open_day(writing: Writing, cashier: str) -> None:
    """DeskRefused when this cashier has closed today."""
    day = day_number(writing.now.campus_s)
    if writing.db.run("SELECT 1 FROM desk_close WHERE cashier = ? AND day = ?", (cashier, day)):
        raise DeskRefused(DAY_CLOSED)
