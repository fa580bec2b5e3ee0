"""A box says hello with its highest signed ack: is this ledger older than what it once said? (RECORDS "Acks")

Then it was put back from an older copy. It says so at the highest grade, numbers on from above the ack, and asks the
box for everything above what it holds. Refuses to believe an ack without its own signature.
"""

from collections.abc import Callable

from cloud.ledger.journal.booking import head, number_on
from cloud.ledger.journal.mark_rows import box_marks, box_question, device_question, device_rows
from cloud.ledger.journal.witnessed import common_with
from cloud.ledger.journal.writing import Writing
from cloud.ledger.receive import put_back
from cloud.ledger.receive.acks import ack_for
from cloud.ledger.receive.witnesses import keep_witness
from cloud.ledger.records.marks import EMPTY, Mark
from cloud.store.db import Database
from shared.facts.books import LedgerRecovery
from shared.facts.boxes import AckForged, AckOfOtherLedger, AckShownByOther
from shared.ids import BoxId, StoreId
from shared.wire.messages import AckBody, Hello, Recover, SignedAck

VerifyAck = Callable[[SignedAck], AckBody | None]


def greet(
    writing: Writing, box: BoxId, partition: int, hello: Hello, verify: VerifyAck, began: int
) -> AckBody | Recover:
    """Inside of a transaction; told only after the commit. began: our newest link when this process opened the ledger:
    what was booked since then is not taken for what was there before."""
    shown, common = _believed(writing, box, hello, verify), min(began, common_with(writing.db, box))
    keep_witness(writing, box, partition, hello, shown, common)
    if shown is None or not _is_older(writing, shown, common):
        writing.booking.close()  # a link that was added is in this ack
        return ack_for(writing.db, writing.registry, box, hello.store, partition, hello.form)
    number, _ = head(writing.db, partition)
    if shown.number >= number:
        # the box believes only what is above it, also when all of its rows are here again and no batch will follow
        number_on(writing.db, partition, shown.number + 1, writing.now.unix_ms)
    writing.notes.tell(LedgerRecovery(shown.number, number), box=box)
    rows = _rows(writing.db, box, hello.store)
    return Recover(writing.registry.ledger, hello.store, rows.cumulative)


def _believed(writing: Writing, box: BoxId, hello: Hello, verify: VerifyAck) -> AckBody | None:
    if hello.ack is None:
        return None
    shown = verify(hello.ack)
    if shown is None:
        writing.notes.tell(AckForged(), box=box)
        return None
    if shown.box != box:
        writing.notes.tell(AckShownByOther(shown.box), box=box)
        return None
    if shown.ledger != writing.registry.ledger:
        writing.notes.tell(AckOfOtherLedger(shown.ledger), box=box)
    return shown


def _is_older(writing: Writing, shown: AckBody, common: int) -> bool:
    """Must the box send again? Its ack named rows or records that are not here, or a batch that is not in the chain."""
    held = _rows(writing.db, shown.box, shown.store)
    covered = held.covers(Mark(shown.row_cumulative, shown.row_ranges)) and _devices_covered(writing.db, shown)
    gone = put_back.look(writing, shown, held, common, rows_gone=not covered)
    return gone.chain is not None or not covered


def _devices_covered(db: Database, shown: AckBody) -> bool:
    keys = {(d.device, d.epoch) for d in shown.devices}
    held = device_rows(keys, db.ask(device_question(keys))[0])
    return all(held[d.device, d.epoch].mark.covers(Mark(d.cumulative, d.ranges)) for d in shown.devices)


def _rows(db: Database, box: BoxId, store: StoreId) -> Mark:
    return box_marks(db.ask(box_question([box]))[0]).get((box, store), EMPTY)
