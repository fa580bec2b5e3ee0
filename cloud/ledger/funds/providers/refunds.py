"""Refunds 渠道退款 that we ask a provider for: a row as each stands, an append-only step for each change, in the chain.

Its number goes to the provider. It follows from the order and the moment, so an older copy of the books that is used on
never asks for another refund under a number that the provider knows.
"""

from collections.abc import Iterable
from hashlib import sha256

from cloud.ledger.funds.providers.terms import OPEN, DepositRefund, RefundState
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database

COLUMNS = (
    "number, order_number, provider, txn, card, item, fen, reason, proposal, made_ms, state, day, due_ms, tries, "
    "changed_ms"
)
STEP_COLUMNS = "id, number, state, document, at_ms"
OPEN_MAX = 1_000
"""Refunds that are on their way at a time; at the bound the next is refused until one has ended."""
_SELECT = f"SELECT {COLUMNS} FROM deposit_refund"  # noqa: S608  # our own names


def refund_number(order: str, made_ms: int, proposal: int, item: int) -> str:
    """At most 64 characters that any provider takes."""
    told = f"{order}:{made_ms}:{proposal}:{item}"
    return f"{order}R{sha256(told.encode()).hexdigest()[:8]}"


def step_refund(writing: Writing, refund: DepositRefund, document: bytes) -> None:
    """Inside of a transaction: the refund as it stands now, and what has brought it there."""
    keep_refund(writing.db, refund)
    last = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM deposit_refund_step")[0][0]
    row = (int(last) + 1, refund.number, refund.state, document, writing.now.unix_ms)
    writing.db.insert("deposit_refund_step", STEP_COLUMNS, [row])
    writing.booking.link(BookLinkKind.REFUND_STEP, row[0], digest_of(row))


def keep_refund(db: Database, refund: DepositRefund) -> None:
    """Its row alone: when it is asked for, and how often it was."""
    db.upsert("deposit_refund", COLUMNS, "number", [tuple(refund)])


def refund_of(db: Database, number: str) -> DepositRefund | None:
    """By the number that the provider knows."""
    rows = db.run(f"{_SELECT} WHERE number = ?", (number,))
    return DepositRefund(*rows[0]) if rows else None


def due_refunds(db: Database, now_ms: int, most: int) -> list[DepositRefund]:
    """Those to be asked for by now, the longest due first."""
    return _refunds(db.run(f"{_SELECT} WHERE due_ms <= ? ORDER BY due_ms LIMIT ?", (now_ms, most)))


def refunds_of(db: Database, order: str) -> list[DepositRefund]:
    """Of an order, the oldest first."""
    return _refunds(db.run(f"{_SELECT} WHERE order_number = ? ORDER BY made_ms, number", (order,)))


def refunds_in(db: Database, states: Iterable[RefundState], most: int) -> list[DepositRefund]:
    """In these states, the oldest first."""
    found = sorted(map(int, states))
    marks = ", ".join("?" * len(found))
    return _refunds(db.run(f"{_SELECT} WHERE state IN ({marks}) ORDER BY made_ms LIMIT ?", (*found, most)))


def is_on_way(db: Database, card: bytes) -> bool:
    """Is any of this card's money on its way back?"""
    marks = ", ".join(str(int(state)) for state in OPEN)
    return bool(db.run(f"SELECT 1 FROM deposit_refund WHERE card = ? AND state IN ({marks}) LIMIT 1", (card,)))  # noqa: S608  # ours


def refunds_done_on(db: Database, provider: str, day: int) -> list[DepositRefund]:
    """Those that this provider has given back on this day, by its own time."""
    done = int(RefundState.DONE)
    return _refunds(db.run(f"{_SELECT} WHERE provider = ? AND day = ? AND state = ?", (provider, day, done)))


def refund_counts(db: Database) -> dict[str, int]:
    """How many stand in which state."""
    rows: dict[int, int] = dict(db.run("SELECT state, COUNT(*) FROM deposit_refund GROUP BY state"))
    return {f"refunds_{state.name.lower()}": int(rows.get(int(state), 0)) for state in RefundState}


def _refunds(rows: Iterable[tuple[object, ...]]) -> list[DepositRefund]:
    return [DepositRefund(*row) for row in rows]  # type: ignore[arg-type]  # rows of ours
