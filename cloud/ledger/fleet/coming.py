"""What may still come: numbers of a terminal that the ledger lacks, and that its ring or its box still holds.

Lost is only what nobody can bring any more: the terminal was told SETTLED, or lists the epoch no longer, and its box,
on line, has nothing left to send. A box that it has left may hold what it had made there. Who was never heard of may
hold everything.
"""

from typing import NamedTuple

from cloud.ledger.fleet.former import former_holds
from cloud.ledger.fleet.heard import box_states, marks
from cloud.ledger.journal.move_rows import boxes_now
from cloud.ledger.records.marks import EMPTY, Mark
from cloud.store.db import Database
from shared.wire.messages import BoxState

_STATUS = (
    "SELECT s.device, s.epoch, s.settled, s.at_ms < t.at_ms FROM epoch_status s "
    "JOIN device_status t ON t.device = s.device"
)


class Epoch(NamedTuple):
    """settled: the terminal holds nothing up to it; None: it lists this epoch no longer, so holds nothing of it.

    former_holds: boxes that it has left may hold what it had made there, up to this one.
    """

    mark: Mark
    settled: int | None
    box_may_hold: bool
    former_holds: int

    def may_come(self, seq: int) -> bool:
        """Does the ledger lack this number, and can somebody still bring it?"""
        in_ring = self.settled is not None and seq > self.settled
        in_box = self.box_may_hold or seq <= self.former_holds
        return not self.mark.holds(seq) and (in_ring or in_box)


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
    held, moved = marks(db), boxes_now(db)
    rows = db.run("SELECT device, name, box FROM device")
    bodies = {device: (name, moved.get(device) or box) for device, name, box in rows}
    settled = {(device, epoch): None if gone else upto for device, epoch, upto, gone in db.run(_STATUS)}
    states = {box: state for box, (_, state) in box_states(db).items()}
    boxes = {name: _may_hold(states.get(box)) for name, box in bodies.values()}
    former = former_holds(db, lambda box: _may_hold(states.get(box)))
    epochs = {}
    for key in {*held, *settled}:
        device, epoch = key
        if device in bodies:
            name = bodies[device][0]
            known = held.get(key, EMPTY), settled.get(key, 0), boxes[name], former.get(key, 0)
            epochs[name, epoch] = Epoch(*known)
    return Coming(epochs, boxes)


def _may_hold(state: BoxState | None) -> bool:
    return state is None or not state.online or state.unsettled > 0
