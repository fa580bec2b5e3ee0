"""The boxes as witnesses: what one of them has on its disk of a ledger that was put back must be named as gone."""

import sqlite3
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from cloud.ledger.checks.put_backs import Witness, witness_of
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.journal.book_chain import BookLinkKind
from cloud.ledger.journal.witnessed import put_backs
from cloud.ledger.journal.writing import Writing
from cloud.ledger.ledger import Ledger
from cloud.ledger.receive import put_back, recovery
from shared.wire.messages import AckBody, decode_ack_body
from tests.sim.edge_part import EdgePart
from tests.sim.ingest_part import IngestPart
from tests.sim.world import Violation

if TYPE_CHECKING:
    from tests.sim.campus import Campus

_SIGNATURE = 64


def acks_at_hand(edges: Iterable[EdgePart]) -> list[AckBody]:
    """What every box has on its disk."""
    rows = [edge.kept_ack() for edge in edges]
    return [decode_ack_body(raw[_SIGNATURE:]) for raw in rows if raw]


def witnesses(edges: Iterable[EdgePart]) -> list[Witness]:
    """For the ledger's own check."""
    return [witness_of(ack) for ack in acks_at_hand(edges)]


def gone_links(acks: Iterable[AckBody], copy: sqlite3.Connection) -> set[int]:
    """Numbers of the book-only links that a box has seen, or that lie before such a one, and that this copy has not."""
    ((ours,),) = copy.execute("SELECT COALESCE(MAX(number), 0) FROM book_chain").fetchall()
    seen = {ack.heads.number: ack.heads.book for ack in acks if ack.heads is not None and ack.heads.number}
    gone = {number for number, sealed in seen.items() if not _contains(copy, number, sealed)}
    return gone | set(range(ours + 1, max(gone, default=0) + 1))


def _contains(copy: sqlite3.Connection, number: int, sealed: bytes) -> bool:
    return copy.execute("SELECT hash FROM book_chain WHERE number = ?", (number,)).fetchall() == [(sealed,)]


def witnessed_is_named(campus: "Campus") -> None:
    """Every link that a box had seen when the ledger was put back stands in its list of what cannot come again."""
    gone = campus.judge.gone_links
    if campus.office is not None:
        # commands of the fleet book before a box that the copy has never heard greets it: then its list begins too late
        gone = {max(gone)} if gone else set()
    if not gone or campus.ingest.ledger is None:
        return
    with campus.ingest.ledger.database.reading():
        known = put_backs(campus.ingest.ledger.database)
    for number in sorted(gone):
        if not any(one.first <= number <= one.last for one in known):
            raise Violation("witness", f"link {number} was witnessed and is gone, and nothing says so")


def close_the_list(campus: "Campus") -> None:
    """Two persons see to what is open."""
    ledger = campus.ingest.ledger
    if ledger is None:
        return
    with ledger.database.reading():
        waits = any(one.is_open for one in put_backs(ledger.database))
    if waits:
        held, now = HeldLedger(ledger.opened), campus.ingest.now()
        made = held.propose_close("A", "by paper", now)
        held.confirm_close(made.number, "B", now)


def _only_number_on(writing: Writing, shown: AckBody, *_: object) -> None:
    seen = shown.heads.number if shown.heads else 0
    writing.booking.link(BookLinkKind.PUT_BACK, 0, bytes(32), max(writing.booking.book_only[0], seen) + 1)


class DeafToWitnesses(IngestPart):
    """What a box shows lifts the numbers and is not written down: an older ledger goes on as if nothing were gone."""

    def open(self, database: Any, at: Callable[[str], None]) -> Ledger:
        ledger = super().open(database, at)
        hello = ledger.hello

        def deaf(*values: Any) -> Any:
            written, put_back._write_down = put_back._write_down, _only_number_on
            try:
                return hello(*values)
            finally:
                put_back._write_down = written

        ledger.hello = deaf  # type: ignore[method-assign]  # the defect
        return ledger


class ForgetsWhatWasSeen(IngestPart):
    """What was booked before this process began is taken for what was there before the ledger was put back."""

    def open(self, database: Any, at: Callable[[str], None]) -> Ledger:
        ledger = super().open(database, at)
        hello = ledger.hello

        def forgetful(*values: Any) -> Any:
            known, recovery.common_with = recovery.common_with, lambda *_: sys.maxsize
            try:
                return hello(*values)
            finally:
                recovery.common_with = known

        ledger.hello = forgetful  # type: ignore[method-assign]  # the defect
        return ledger

