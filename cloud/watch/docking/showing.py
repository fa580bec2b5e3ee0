"""Our own boxes and terminals as an edge node's devices, for anybody's host: how they stand, and no money. Pure.

What is shown is a closed list. Of more devices than a node may have the last by name are not shown, and counted.
"""

from collections.abc import Mapping, Sequence

from cloud.ledger.fleet.views import BoxView, TerminalView
from cloud.watch.docking.sparkplug.node import DEVICES_MAX, Node, Step, Telling
from cloud.watch.docking.sparkplug.payload import DataType, Value

HEARD_MS = 15_000
"""Who was not heard for so long is not shown as there."""
Shown = dict[str, Telling]


def shown(
    boxes: Sequence[BoxView], terminals: Sequence[TerminalView], now_ms: int, *, is_read: bool = True
) -> dict[str, Shown]:
    """Every device and its metrics: boxes first, then terminals. is_read False: the ledger is away, so nobody knows."""
    there = {box.box for box in boxes if is_read and _is_there(box, now_ms)}
    found = {
        str(box.box): _box(box, is_there=box.box in there, is_known=is_read)
        for box in sorted(boxes, key=lambda one: one.box)
    }
    for one in sorted(terminals, key=lambda one: one.device):
        found[one.device.hex()] = _terminal(one, now_ms, is_known=one.box in there)
    return found


def _is_there(box: BoxView, now_ms: int) -> bool:
    is_online = box.state is not None and box.state.online
    return is_online and bool(box.heard_ms) and now_ms - box.heard_ms < HEARD_MS


def _box(box: BoxView, *, is_there: bool, is_known: bool) -> Shown:
    state = box.state if is_there else None
    waits = None if state is None else state.unsettled
    room = None if state is None or not state.cap else 100 * (1 - state.unsettled / state.cap)
    return {
        "Kind": Telling(DataType.STRING, "box"),
        "Name": Telling(DataType.STRING, box.name),
        "Online": Telling(DataType.BOOLEAN, is_there if is_known else None),
        "Records waiting": Telling(DataType.UINT32, waits),
        "Outbox room": Telling(DataType.DOUBLE, room),
    }


def _terminal(one: TerminalView, now_ms: int, *, is_known: bool) -> Shown:
    """Of a terminal behind a box that is not heard nobody knows whether it is there."""
    is_there = bool(one.heard_ms) and now_ms - one.heard_ms < HEARD_MS
    return {
        "Kind": Telling(DataType.STRING, "terminal"),
        "Name": Telling(DataType.STRING, one.name),
        "Place": Telling(DataType.STRING, one.place),
        "Box": Telling(DataType.STRING, str(one.box)),
        "Online": Telling(DataType.BOOLEAN, is_there if is_known else None),
    }


class Showing:
    """What was shown last, and what has changed since."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.beyond = 0
        self._last: dict[str, Shown] = {}

    def update(self, devices: Mapping[str, Shown], now_ms: int) -> Step:
        """Births of who is new, deaths of who is gone, data of what is otherwise."""
        few = dict(list(devices.items())[:DEVICES_MAX])
        self.beyond = len(devices) - len(few)
        step = Step()
        for device in self._last.keys() - few.keys():
            step.publishes += self.node.leaves(device, now_ms).publishes
        for device, metrics in few.items():
            before = self._last.get(device)
            if before is None:
                step.publishes += self.node.joins(device, metrics, now_ms).publishes
            else:
                step.publishes += self._changes(device, before, metrics, now_ms).publishes
        self._last = few
        return step

    def _changes(self, device: str, before: Shown, after: Shown, now_ms: int) -> Step:
        step = Step()
        for name, telling in after.items():
            if before[name] != telling:
                value: Value | None = telling.value
                step.publishes += self.node.changed(device, name, value, now_ms).publishes
        return step
