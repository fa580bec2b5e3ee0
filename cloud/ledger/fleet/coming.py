"""What may still come: numbers of a terminal that the ledger lacks, and that its ring or its box still holds.

Lost is only what nobody can bring any more: the terminal was told SETTLED, or lists the epoch no longer, and its box,
on line, has nothing left to send. Who was never heard of may hold everything.
"""

from typing import NamedTuple

from cloud.ledger.fleet.heard import box_states, marks
from cloud.ledger.records.marks import EMPTY, Mark
from cloud.store.db import Database

_STATUS = (
    "SELECT s.device, s.epoch, s.settled, s.at_ms < t.at_ms FROM epoch_status s "
    "JOIN device_status t ON t.device = s.device"
)


class Epoch(NamedTuple):
    """settled: the terminal holds nothing up to it; None: it lists this epoch no longer, so holds nothing of it."""

    mark: Mark
    settled: int | None
    box_may_hold: bool

    def may_come(self, seq: int) -> bool:
        """Does the ledger lack this number, and can somebody still bring it?"""
        in_ring = self.settled is not None and seq > self.settled
        return not self.mark.holds(seq) and (in_ring or self.box_may_hold)


class Coming(NamedTuple):
    """By name and epoch; boxes: by name, whether its box may hold something. An unknown terminal brings nothing."""

    epochs: dict[tuple[str, int], Epoch]
    boxes: dict[str, bool]

    def may_come(self, name: str, epoch: int, seq: int) -> bool:
        """As Epoch.may_come; of an epoch that nothing was heard of, all may."""
        known = self.epochs.get((name, epoch))
        return name in self.boxes if known is None else known.may_come(seq)


def coming(db: Database) -> Coming:
    """Inside of a snapshot."""
    held = marks(db)
    bodies = {device: (name, box) for device, name, box in db.run("SELECT device, name, box FROM device")}
    settled = {(device, epoch): None if gone else upto for device, epoch, upto, gone in db.run(_STATUS)}
    may_hold = {box: not state.online or state.unsettled > 0 for box, (_, state) in box_states(db).items()}
    boxes = {name: may_hold.get(box, True) for name, box in bodies.values()}
    epochs = {}
    for key in {*held, *settled}:
        device, epoch = key
        if device in bodies:
            name = bodies[device][0]
            epochs[name, epoch] = Epoch(held.get(key, EMPTY), settled.get(key, 0), boxes[name])
    return Coming(epochs, boxes)
