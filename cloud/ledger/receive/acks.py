"""Ledger acks: built from the marks, so they can be made again at any time; signed by the ingest, not here.

To a box of form 2 each brings where the ledger's chains stand: the boxes bear witness of it (RECORDS "Acks").
"""

from collections.abc import Iterable

from cloud.ledger.journal.book_chain import Head, book_head_question
from cloud.ledger.journal.booking import head_in, head_question
from cloud.ledger.journal.mark_rows import DeviceKey, box_marks, box_question, device_question, device_rows, devices_of
from cloud.ledger.journal.registry import Registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.marks import EMPTY, Mark
from cloud.ledger.records.values import CREDIT
from cloud.store.db import Database
from shared.ids import BoxId, DeviceId, StoreId
from shared.wire.messages import FORM_2, AckBody, DeviceMark, Heads, Range


def build_ack(
    writing: Writing, box: BoxId, partition: int, store: StoreId, rows: Mark,
    devices: Iterable[tuple[DeviceKey, Mark]], apart: tuple[Range, ...], form: int,
) -> AckBody:  # fmt: skip
    """Of a transaction that is sealed, and about to be committed. apart: rows answered without their device."""
    head, book_only = writing.booking.head(partition), writing.booking.book_only
    return _ack(writing.registry, head, book_only, box, partition, store, rows, devices, form)._replace(apart=apart)


def ack_for(db: Database, registry: Registry, box: BoxId, store: StoreId, partition: int, form: int) -> AckBody:
    """All that is held of this store, and of every device that it ever brought; no row apart: a box that has not heard
    of those sends them again. Inside of a transaction."""
    keys = devices_of(db, box, store)
    boxes, devices, *heads = db.ask(
        box_question([box]), device_question(keys), head_question(partition), book_head_question()
    )
    found, rows = device_rows(keys, devices), box_marks(boxes).get((box, store), EMPTY)
    marks = [(key, found[key].mark) for key in keys]
    head, book_only = map(head_in, heads)
    return _ack(registry, head, book_only, box, partition, store, rows, marks, form)


def _ack(
    registry: Registry, head: Head, book_only: Head, box: BoxId, partition: int, store: StoreId, rows: Mark,
    devices: Iterable[tuple[DeviceKey, Mark]], form: int,
) -> AckBody:  # fmt: skip
    marks = tuple(DeviceMark(DeviceId(device), epoch, m.cumulative, m.ranges) for (device, epoch), m in devices)
    heads = Heads(head[1], *book_only) if form >= FORM_2 else None
    of = registry.ledger, partition, head[0], box, store
    return AckBody(*of, rows.cumulative, rows.ranges, marks, CREDIT, heads=heads)
