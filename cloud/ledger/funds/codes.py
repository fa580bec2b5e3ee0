"""Payment codes 付款码 in the books: given out to a wallet, judged once, in the transaction that moves the money.

Kept is a code's digest and never the code. A wallet has SLOTS codes at a time: a new one takes the place of the oldest,
so rows are bounded by wallets, and nothing need be cleared away. A code that lost its place is unknown, which is a no.
"""

from enum import IntEnum
from typing import NamedTuple

from cloud.store.db import Database

SLOTS = 3
"""Codes of one card that may be alive: two phones that show one, and the one before."""
ROTATE_MS, VALID_MS = 30_000, 60_000
"""A new one so often; each is good for so long."""
COLUMNS = "card, slot, digest, state, issued_ms, expires_ms, case_key"


class CodeState(IntEnum):
    """Frozen numbers: they stand in the books."""

    ALIVE = 0
    JUDGED = 1
    """A request has come with it: its payment case says how that ended."""
    CANCELLED = 2


class CodeRow(NamedTuple):
    """One code. case_key: of the payment case that judged it."""

    card: bytes
    slot: int
    digest: bytes
    state: int
    issued_ms: int
    expires_ms: int
    case_key: bytes | None

    def is_alive(self, now_ms: int) -> bool:
        """May it still pay? A clock that was put back makes none live longer."""
        return self.state == CodeState.ALIVE and self.issued_ms <= now_ms < self.expires_ms


def keep_code(db: Database, card: bytes, digest: bytes, now_ms: int) -> CodeRow:
    """A new code of this card, in the place of its oldest. Inside of a transaction."""
    taken = {row.slot: row.issued_ms for row in codes_of(db, card)}
    free = next((slot for slot in range(SLOTS) if slot not in taken), None)
    slot = min(taken, key=lambda one: (taken[one], one)) if free is None else free
    row = CodeRow(card, slot, digest, int(CodeState.ALIVE), now_ms, now_ms + VALID_MS, None)
    _put(db, row)
    return row


def find_code(db: Database, digest: bytes) -> CodeRow | None:
    """None: it was never given out, or lost its place."""
    rows = db.run(f"SELECT {COLUMNS} FROM pay_code WHERE digest = ?", (digest,))  # noqa: S608  # our own names
    return CodeRow(*rows[0]) if rows else None


def judged(db: Database, row: CodeRow, case_key: bytes) -> None:
    """It is used up, whatever the answer is."""
    _put(db, row._replace(state=int(CodeState.JUDGED), case_key=case_key))


def cancel_codes(db: Database, card: bytes) -> int:
    """None of this card pays any more; so many did. Inside of a transaction."""
    alive = [row for row in codes_of(db, card) if row.state == CodeState.ALIVE]
    for row in alive:
        use_up(db, row)
    return len(alive)


def use_up(db: Database, row: CodeRow) -> None:
    """It pays no more, and no payment has come of it."""
    _put(db, row._replace(state=int(CodeState.CANCELLED)))


def codes_of(db: Database, card: bytes) -> list[CodeRow]:
    """All that stand in a slot of this card."""
    rows = db.run(f"SELECT {COLUMNS} FROM pay_code WHERE card = ? ORDER BY slot", (card,))  # noqa: S608  # our own names
    return [CodeRow(*row) for row in rows]


def _put(db: Database, row: CodeRow) -> None:
    db.upsert("pay_code", COLUMNS, "card, slot", [tuple(row)])
