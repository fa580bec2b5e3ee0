"""Ledger acks: built from the marks, so they can be made again at any time; signed by the ingest, not here."""

from collections.abc import Iterable

from cloud.ledger.journal.booking import head_question
from cloud.ledger.journal.mark_rows import DeviceKey, box_marks, box_question, device_question, device_rows, devices_of
from cloud.ledger.journal.registry import Registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.marks import EMPTY, Mark
from cloud.ledger.records.values import CREDIT
from cloud.store.db import Database
from shared.ids import BoxId, DeviceId, StoreId
from shared.wire.messages import AckBody, DeviceMark, Range


def build_ack(
    writing: Writing, box: BoxId, partition: int, store: StoreId, rows: Mark,
    devices: Iterable[tuple[DeviceKey, Mark]], apart: tuple[Range, ...],
) -> AckBody:  # fmt: skip
    """Of a transaction that is about to be committed. apart: rows of it that are answered without their device."""
    number = writing.booking.number(partition)
    return _ack(writing.registry, number, box, partition, store, rows, devices)._replace(apart=apart)


def ack_for(db: Database, registry: Registry, box: BoxId, store: StoreId, partition: int) -> AckBody:
    """All that is held of this store, and of every device that it ever brought; no row apart: a box that has not heard
    of those sends them again. Inside of a transaction."""
    keys = devices_of(db, box, store)
    boxes, devices, heads = db.ask(box_question([box]), device_question(keys), head_question(partition))
    found, rows = device_rows(keys, devices), box_marks(boxes).get((box, store), EMPTY)
    number = heads[0][0] if heads else 0
    return _ack(registry, number, box, partition, store, rows, [(key, found[key].mark) for key in keys])


def _ack(
    registry: Registry, number: int, box: BoxId, partition: int, store: StoreId, rows: Mark,
    devices: Iterable[tuple[DeviceKey, Mark]],
) -> AckBody:  # fmt: skip
    marks = tuple(DeviceMark(DeviceId(device), epoch, m.cumulative, m.ranges) for (device, epoch), m in devices)
    return AckBody(registry.ledger, partition, number, box, store, rows.cumulative, rows.ranges, marks, CREDIT)
