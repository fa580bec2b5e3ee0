"""What terminals and boxes say of themselves, newest only: completeness stands on STATUS, not on clocks."""

from cloud.ledger.fleet.epochs import is_ahead, known_epochs
from cloud.store.db import Database
from shared.ids import BoxId
from shared.wire.messages import BoxState, DeviceStatus, decode_state, encode_state

_DEVICE = "device, box, at_ms, hotlist_version, parameter_version, slots_left, clock_set, day, day_first_seq"
_EPOCH = "device, epoch, psam, oldest, last, settled, open_slots, at_ms"


def store_status(db: Database, box: BoxId, status: DeviceStatus, now_ms: int) -> None:
    """Inside of a transaction. Believed as the device's only because the edge authenticated it."""
    row = (
        status.device, box, now_ms, status.hotlist_version, status.parameter_version, status.slots_left,
        int(status.clock_set), status.day, status.day_first_seq,
    )  # fmt: skip
    db.upsert("device_status", _DEVICE, "device", [row])
    epochs = [
        (status.device, e.epoch, e.psam, e.oldest, e.last, e.settled, e.open_slots, now_ms) for e in status.epochs
    ]
    db.upsert("epoch_status", _EPOCH, "device, epoch", epochs)


def without_epochs_ahead(db: Database, status: DeviceStatus) -> tuple[DeviceStatus, int]:
    """Without the epochs that nobody can have given it, and the highest of those; 0 if it names none."""
    known = known_epochs(db, [(status.device, named.epoch) for named in status.epochs]).get(status.device, 0)
    ahead = [named.epoch for named in status.epochs if is_ahead(named.epoch, known)]
    believed = tuple(named for named in status.epochs if named.epoch not in ahead)
    return status._replace(epochs=believed), max(ahead, default=0)


def store_state(db: Database, box: BoxId, state: BoxState, now_ms: int) -> None:
    """Inside of a transaction. The last will of a box tells the list of stolen devices that it began with: it holds
    that which it told since."""
    if not state.online:
        state = state._replace(revocations=max(state.revocations, _told(db, box, state)))
    db.upsert("box_state", "box, at_ms, state", "box", [(box, now_ms, encode_state(state))])


def _told(db: Database, box: BoxId, state: BoxState) -> tuple[int, int]:
    """The list that this box told to hold in the same store."""
    rows = db.run("SELECT state FROM box_state WHERE box = ?", (box,))
    before = decode_state(rows[0][0]) if rows else state
    return before.revocations if before.store == state.store else (0, 0)
