"""Unload cases 圈提 in the books: one row per granted unload, and what it ended as.

Nothing is booked when MAC2 is given out: the card may or may not debit itself, and the holder's money stands in the
purse account until its MAC3, or the card's next counter, proves that it did. Then it is in the online account, once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.funds.documents import enter
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.facts.books import UnloadContradiction
from shared.wire import codec

COLUMNS = "key, card, counter, balance_fen, amount_fen, cashier, auth, time_s, state, evidence, opened_ms, changed_ms"
EVIDENCE_MAX = 200


class UnloadState(IntEnum):
    """Frozen numbers: they stand in the books."""

    PENDING = 1
    CONFIRMED = 2
    """By MAC3."""
    CONFIRMED_BY_COUNTER = 3
    NOT_TAKEN = 4


TAKEN = (int(UnloadState.CONFIRMED), int(UnloadState.CONFIRMED_BY_COUNTER))


@dataclass(frozen=True, slots=True)
class UnloadCase:
    """One row. auth: CBOR of the LoadAuth fields; time_s: what MAC2 and MAC3 cover."""

    key: bytes
    card: bytes
    counter: int
    balance_fen: int
    amount_fen: int
    cashier: str
    auth: bytes
    time_s: int
    state: int
    evidence: str
    opened_ms: int
    changed_ms: int


def unload_case_of(db: Database, key: bytes) -> UnloadCase | None:
    """The case of this deed."""
    return next(_cases(db, "key = ?", (key,)), None)


def add_unload_case(writing: Writing, case: UnloadCase) -> None:
    """A new row."""
    row = tuple(getattr(case, name) for name in COLUMNS.split(", "))
    writing.db.insert("unload_case", COLUMNS, [row])
    writing.booking.link(BookLinkKind.UNLOAD, 0, digest_of(row))


def taken_unloads(db: Database, card: bytes) -> list[tuple[int, int, int]]:
    """(online counter, balance before, minus the sum) of the unloads that the card certainly took, by counter."""
    rows = db.run(
        "SELECT counter, balance_fen, amount_fen FROM unload_case WHERE card = ? AND state IN (?, ?) ORDER BY counter",
        (card, *TAKEN),
    )
    return [(counter, before, -fen) for counter, before, fen in rows]


def unload_took(db: Database, card: bytes, counter: int) -> bool:
    """Is this online counter an unload's, for certain?"""
    rows = db.run(
        "SELECT 1 FROM unload_case WHERE card = ? AND counter = ? AND state IN (?, ?)", (card, counter, *TAKEN)
    )
    return bool(rows)


def settle_unloads(
    writing: Writing, card: bytes, counter: int, evidence: bytes, load_took: Callable[[int], bool]
) -> None:
    """What a proven online counter says of the card's pending unloads: those before it were taken, its own was not.

    load_took: is a counter a load's, for certain? Idempotent. evidence: the bytes that prove the counter.
    """
    pending = (card, int(UnloadState.PENDING), counter)
    for case in list(_cases(writing.db, "card = ? AND state = ? AND counter <= ?", pending)):
        if case.counter == counter or load_took(case.counter):
            close_unload(writing, case, UnloadState.NOT_TAKEN)
        else:
            fields = (case.card, case.amount_fen, evidence)
            enter(writing, EntryKind.UNLOADED_BY_COUNTER, fields, case.key)
            close_unload(writing, case, UnloadState.CONFIRMED_BY_COUNTER)


def prove_unload_case(writing: Writing, case: UnloadCase, mac3: bytes) -> None:
    """MAC3 was checked: the card has debited itself. Always posted, once; a contradiction is told."""
    if case.state in TAKEN:
        return
    if case.state == UnloadState.NOT_TAKEN:
        writing.notes.tell(UnloadContradiction(case.card))
    fields = (case.card, case.amount_fen, codec.dumps([codec.loads(case.auth), case.time_s, mac3]))
    enter(writing, EntryKind.UNLOADED, fields, case.key)
    close_unload(writing, case, UnloadState.CONFIRMED)


def close_unload(writing: Writing, case: UnloadCase, state: UnloadState) -> None:
    """Decided."""
    writing.db.run(
        "UPDATE unload_case SET state = ?, changed_ms = ? WHERE key = ?", (int(state), writing.now.unix_ms, case.key)
    )


def note_unload(writing: Writing, case: UnloadCase, text: str) -> None:
    """What a desk said of a case, newest last; a word is no proof."""
    said = f"{case.evidence}; {text}" if case.evidence else text
    writing.db.run("UPDATE unload_case SET evidence = ? WHERE key = ?", (said[-EVIDENCE_MAX:], case.key))


def _cases(db: Database, where: str, arguments: tuple[object, ...]) -> Iterator[UnloadCase]:
    rows = db.run(f"SELECT {COLUMNS} FROM unload_case WHERE {where} ORDER BY counter, key", arguments)  # noqa: S608
    return iter([UnloadCase(*row) for row in rows])
