"""A campus as values: what a test changes of it is what it is about."""

from cloud.ledger.fleet.views import BoxView, Completeness, TerminalView
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source
from cloud.watch.readings import Fleet as Heard
from cloud.watch.readings import fleet_signals
from cloud.watch.services.seen import Fleet, Part, Parts, Seen
from shared.ids import BoxId, DeviceId, StoreId
from shared.wire.box_state import BoxState, TerminalState

NOW = 1_795_843_000_000
SERVICES = ("broker", "keys", "console", "ingest", "watch")
TILLS = tuple(bytes([0, 1, 0, 0, 0, number]) for number in range(1, 5))
"""Two on can0 of b1, one on tcp of b1, one on tcp of b2."""
LINKS = ("can0", "can0", "tcp", "tcp")


def service(name: str, value: float | None = 0, signal: str = "service-down") -> Signal:
    return Signal(signal, Source(Kind.SERVICE, name), NOW, value)


def box(name: str, heard_s: float | None = 1, place: str = "第一食堂", unsettled: int = 0) -> BoxView:
    """heard_s: so long ago; None: never."""
    terminals = tuple(
        TerminalState(DeviceId(device), "", link, "joined", 1, 1, 1, 0, 0)
        for device, link in zip(TILLS, LINKS, strict=True)
    )
    state = BoxState(BoxId(name), StoreId(b"store--1"), 1, True, unsettled, 1000, 4, 0, 0, terminals)
    heard_ms = 0 if heard_s is None else int(NOW - heard_s * 1000)
    return BoxView(name, place, 0, heard_ms, None if heard_s is None else state)


def till(device: bytes, box: str = "b1", heard_s: float | None = 1, gap: int = 0) -> TerminalView:
    owed = ((1, gap),) if gap else ()
    heard_ms = 0 if heard_s is None else int(NOW - heard_s * 1000)
    how = Completeness.GAP if gap else Completeness.COMPLETE
    return TerminalView(device, f"pos-{device[-1]}", "窗口", "m", box, 1, 9, 9, 9, owed, how, 0, heard_ms)


BOXES = (box("b1"), box("b2", place="校车"))
FLEET = Fleet(BOXES, tuple(till(device, "b2" if n == 3 else "b1") for n, device in enumerate(TILLS)), {TILLS[0]: 7})


def seen(
    *changed: Signal, fleet: Fleet | None = FLEET, parts: Parts | None = None, without: str = "", **fields: object
) -> Seen:
    """All is well but what is changed."""
    signals = {(one.name, one.source): one for one in map(service, SERVICES)}
    signals |= {
        (one.name, one.source): one
        for one in (
            service("disk", 40, "disk-free"), service("memory", 50, "memory-free"),
            service("console", 700, "certificate-left"), Signal("ledger-away", CAMPUS, NOW, 0),
        )
    }  # fmt: skip
    if fleet is not None:
        signals |= {(one.name, one.source): one for one in fleet_signals(Heard(fleet.boxes, fleet.terminals), NOW)}
    signals |= {(one.name, one.source): one for one in changed}
    signals = {key: one for key, one in signals.items() if one.source.name != without or not without}
    base: dict[str, object] = {"load": 0.5, "rules": RULES, "beat_ms": NOW - 1000}
    return Seen(NOW, "演示", tuple(signals.values()), parts=parts, fleet=fleet, **(base | fields))  # type: ignore[arg-type]


def part(name: str, **fields: object) -> Part:
    base: dict[str, object] = {
        "name": name, "state": "ready", "is_alive": True, "since_ms": NOW - 60_000, "restarts": 0, "why": "",
        "after": (),
    }  # fmt: skip
    return Part(**(base | fields))  # type: ignore[arg-type]


def parts(*some: Part, is_running: bool = True) -> Parts:
    return Parts(is_running, NOW - 5000, "0.2", {one.name: one for one in some})
