"""What one transaction receives: batches and their records as they were read, and what is to be asked before it begins.

Nothing here writes; the key process is asked for all TACs in one call.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cloud.ledger.journal.booking import head_question
from cloud.ledger.journal.mark_rows import DeviceKey, box_question, device_question
from cloud.ledger.journal.seen import first_questions
from cloud.ledger.records.arrival import Arrival, arrive, unread
from cloud.ledger.records.values import CheckTac, Received
from cloud.store.db import Question
from shared.errors import KeyFault


class ArrivedBatch(NamedTuple):
    """A batch, its records as they were read, and every (device, epoch) among them."""

    batch: Received
    arrivals: list[Arrival]
    keys: frozenset[DeviceKey]


def prepare(batches: Sequence[Received]) -> list[ArrivedBatch]:
    """Read every record, outside of the transaction."""
    return [_arrived(batch) for batch in batches]


def prepare_defect(batch: Received, fault: Exception) -> ArrivedBatch:
    """Of a batch of one record that our own code stumbles over: unread."""
    arrivals = [unread(raw, type(fault).__name__) for raw in batch.records]
    return ArrivedBatch(batch, arrivals, keys_of(arrivals))


def _arrived(batch: Received) -> ArrivedBatch:
    arrivals = list(map(arrive, batch.records))
    return ArrivedBatch(batch, arrivals, keys_of(arrivals))


def keys_of(arrivals: Iterable[Arrival]) -> frozenset[DeviceKey]:
    """Every (device, epoch) that is named among them."""
    return frozenset((a.device, a.epoch) for a in arrivals if a.has_key)


def ask_tacs(arrivals: Iterable[Arrival], check_tac: CheckTac) -> dict[bytes, int]:
    """TAC item → verdict, in one call. KeyFault when the answer is not one verdict per item."""
    items = list({item: None for a in arrivals for item in a.items})
    if not items:
        return {}
    answers = check_tac(b"".join(items))
    if len(answers) != len(items):
        raise KeyFault("TAC check: not one verdict per item")
    return dict(zip(items, answers, strict=True))


@dataclass(frozen=True, slots=True)
class Lot:
    """What one transaction receives, and what is to be asked of the database before. keys: every (device, epoch)."""

    arrivals: Sequence[Arrival]
    partitions: Sequence[int]
    boxes: frozenset[str]
    keys: frozenset[DeviceKey]

    def questions(self, *, trusting: bool = False) -> list[Question]:
        """Their answers are for Receiving. trusting: as first_questions has it."""
        first = first_questions(self.arrivals, trusting=trusting)
        heads = [head_question(partition) for partition in self.partitions]
        return [device_question(self.keys), *first, box_question(self.boxes), *heads]


def lot_of(arrivals: Sequence[Arrival], partitions: Sequence[int], boxes: Iterable[str] = ()) -> Lot:
    """All of these. boxes: whose marks are wanted."""
    return Lot(arrivals, partitions, frozenset(boxes), keys_of(arrivals))


def lot_of_batches(batches: Sequence[ArrivedBatch]) -> Lot:
    """All of these."""
    arrivals = [a for _, found, _ in batches for a in found]
    partitions = sorted({batch.partition for batch, _, _ in batches})
    boxes = frozenset(batch.box for batch, _, _ in batches)
    return Lot(arrivals, partitions, boxes, frozenset[DeviceKey]().union(*(keys for _, _, keys in batches)))
