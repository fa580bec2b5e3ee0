"""Quarantined records judged again, after a registration or a key fix: what can be posted now is posted."""

from collections.abc import Collection, Sequence

from cloud.ledger.journal.writing import Writing
from cloud.ledger.receive.lot import lot_of
from cloud.ledger.receive.quarantine import QuarantineState
from cloud.ledger.receive.receive import Booked, Receiving
from cloud.ledger.records.arrival import Arrival, arrive, is_apart
from cloud.ledger.records.judge import Judgement
from cloud.ledger.records.values import OWN_PARTITION, Verdict
from cloud.store.db import Database, Row

CHUNK = 500
"""Records of one transaction."""
_OPEN = (
    "SELECT r.id, r.stored, r.fork, r.box, r.received_s, q.reason, r.key FROM quarantine q "
    "JOIN record r ON r.id = q.record WHERE q.state = ? AND r.id > ? ORDER BY r.id LIMIT ?"
)
_STATES = {
    Verdict.POSTED: QuarantineState.POSTED,
    Verdict.HELD: QuarantineState.POSTED,
    Verdict.NO_ENTRY: QuarantineState.NO_ENTRY,
    Verdict.SUSPENSE: QuarantineState.SUSPENSE,
    Verdict.QUARANTINED: QuarantineState.OPEN,
}


def waiting_after(db: Database, record: int, reasons: Collection[int]) -> tuple[int, list[Row]]:
    """The next chunk of open cases above this record, those that wait for one of the reasons; and where it ended."""
    rows = db.run(_OPEN, (int(QuarantineState.OPEN), record, CHUNK))
    return (rows[-1][0] if rows else 0), [row for row in rows if row[5] in reasons]


def arrive_again(row: Row) -> tuple[Arrival, Booked]:
    """A row of waiting_after, read."""
    record, stored, fork, box, received_s, _, key = row
    booked = Booked(record, fork, box, OWN_PARTITION, received_s, is_apart(key))
    return arrive(stored)._replace(key=key), booked


def rejudge(writing: Writing, waiting: Sequence[tuple[Arrival, Booked]], tacs: dict[bytes, int]) -> int:
    """How many were posted. Inside of a transaction; a case that was decided meanwhile is left alone."""
    still = _still_open(writing.db, [booked.record for _, booked in waiting])
    wanted = [(a, booked) for a, booked in waiting if booked.record in still]
    lot = lot_of([a for a, _ in wanted], [OWN_PARTITION])
    receiving = Receiving(writing, lot, writing.db.ask(*lot.questions()), tacs)
    judged = [(booked.record, receiving.take_again(a, booked)) for a, booked in wanted]
    receiving.finish()
    for record, judgement in judged:
        _save(writing, record, judgement)
    writing.close()
    return sum(_STATES[j.verdict] is QuarantineState.POSTED for _, j in judged)


def _still_open(db: Database, records: Sequence[int]) -> set[int]:
    rows = db.find("SELECT record, state FROM quarantine WHERE record", records)
    return {record for record, state in rows if state == QuarantineState.OPEN}


def _save(writing: Writing, record: int, judgement: Judgement) -> None:
    writing.db.run(
        "UPDATE quarantine SET state = ?, reason = ?, changed_ms = ? WHERE record = ?",
        (int(_STATES[judgement.verdict]), int(judgement.reason), writing.now.unix_ms, record),
    )
