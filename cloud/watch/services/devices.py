"""Devices of the tree: place → box → line → terminal, as the ledger last heard of them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from cloud.ledger.fleet.views import BoxView, TerminalView
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.services.judging import Judged
from cloud.watch.services.seen import Fleet, Parts, Seen, process_text
from cloud.watch.services.terms import Node, Reason, State, What, inherited
from shared.words.voice import Text

SILENT_S = 15.0
"""A box that was not heard for so long is not known to be well; later a rule says that it is wrong."""
_NEVER = Reason(Text("从未有过消息", "was never heard"))
_SILENT = Reason(Text("网关没有消息", "its box is not heard"))
_LATE = Reason(Text("刚断了消息", "has just fallen silent"))
_NO_LEDGER = Reason(Text("读不到账本", "the ledger cannot be read"))


class About(NamedTuple):
    """What every node is made of."""

    seen: Seen
    found: Mapping[Source, Judged]


def devices(seen: Seen, found: Mapping[Source, Judged]) -> Node:
    """All places. Unknown as a whole where the ledger cannot be read."""
    called = Text("设备", "devices")
    if seen.fleet is None:
        return Node(What.DEVICES, "devices", called, State.UNKNOWN, (_NO_LEDGER,), as_of_ms=seen.beat_ms)
    about, below = About(seen, found), _by_box(seen.fleet)
    places: dict[str, list[Node]] = {}
    for box in seen.fleet.boxes:
        places.setdefault(box.name, []).append(_box(about, box, below.get(box.box, ())))
    children = tuple(
        Node(What.PLACE, name, Text(name, name), State.OK, as_of_ms=_heard(boxes), children=tuple(boxes))
        for name, boxes in places.items()
    )
    return Node(What.DEVICES, "devices", called, State.OK, as_of_ms=_heard(children), children=children)


def _heard(children: Iterable[Node]) -> int:
    """When any of them was heard last."""
    return max((child.as_of_ms for child in children), default=0)


def _by_box(fleet: Fleet) -> dict[str, list[TerminalView]]:
    found: dict[str, list[TerminalView]] = {}
    for one in fleet.terminals:
        found.setdefault(one.box, []).append(one)
    return found


def _box(about: About, box: BoxView, terminals: Sequence[TerminalView]) -> Node:
    source = Source(Kind.BOX, box.box)
    one = about.found.get(source, Judged(State.UNKNOWN, (), {}))
    silent_s = one.values.get("box-silent")
    own, reasons = _of_box(one, silent_s, _process(about.seen.parts, f"edge-{box.box}"))
    reasons += about.seen.plan(source, own)
    waits = _waiting(one.values.get("box-unsettled"))
    node = Node(
        What.BOX, box.box, Text(box.box, box.box), own, reasons, None, about.seen.since_ms(source, own), box.heard_ms,
        waits=waits, children=tuple(_lines(about, box, terminals)),
    )  # fmt: skip
    is_heard = silent_s is not None and silent_s < SILENT_S
    return node if is_heard else _nothing_below(node, _SILENT)


def _of_box(one: Judged, silent_s: float | None, process: tuple[Reason, ...]) -> tuple[State, tuple[Reason, ...]]:
    if silent_s is None:
        return State.UNKNOWN, (_NEVER, *process)
    if silent_s >= SILENT_S and one.state in (State.OK, State.WARN):
        return State.UNKNOWN, (*one.reasons, _LATE, *process)
    return one.state, one.reasons + (process if silent_s >= SILENT_S else ())


def _nothing_below(node: Node, why: Reason) -> Node:
    return replace(node, children=inherited(node.children, why))


def _process(parts: Parts | None, name: str) -> tuple[Reason, ...]:
    """Where the launcher keeps it: why its process does not do its work."""
    part = parts.of.get(name) if parts is not None and parts.is_running else None
    if part is None or part.is_ready:
        return ()
    return (Reason(process_text(part), since_ms=part.ended_ms),)


def _waiting(unsettled: float | None) -> tuple[Text, ...]:
    if not unsettled:
        return ()
    return (Text(f"{unsettled:.0f} 条待入账", f"{unsettled:.0f} records to be posted"),)


def _lines(about: About, box: BoxView, terminals: Iterable[TerminalView]) -> Iterable[Node]:
    link_of = {bytes(one.device): one.link for one in box.state.terminals} if box.state is not None else {}
    lines: dict[str, list[Node]] = {}
    for one in terminals:
        lines.setdefault(link_of.get(one.device, ""), []).append(_terminal(about, one))
    for name in sorted(lines, key=lambda link: (not link, link)):
        yield _line(about, box.box, name, lines[name])


def _line(about: About, box: str, name: str, terminals: Sequence[Node]) -> Node:
    source = Source(Kind.BUS, f"{box}/{name}")
    one = about.found.get(source)
    ended = _process(about.seen.parts, f"bus-{box}-{name}") if name else ()
    reasons = (one.reasons if one else ()) + ended
    own = State.WRONG if ended else one.state if one else State.OK
    called = Text(name, name) if name else Text("未接上", "on no line yet")
    since = about.seen.since_ms(source, own)
    node = Node(
        What.LINE, name, called, own, reasons, since_ms=since, as_of_ms=about.seen.at_ms, children=tuple(terminals)
    )
    return _nothing_below(node, reasons[-1]) if ended else node


def _terminal(about: About, one: TerminalView) -> Node:
    judged = about.found.get(Source(Kind.TERMINAL, one.device.hex()), Judged(State.UNKNOWN, (), {}))
    called = f"{one.place} {one.name}".strip()
    own, reasons = (State.UNUSED, (_NEVER,)) if not one.heard_ms else (judged.state, judged.reasons)
    running = about.seen.fleet.running.get(one.device) if about.seen.fleet is not None else None
    waits = (Text(f"欠交 {one.owes} 条", f"owes {one.owes} records"),) if one.owes else ()
    return Node(
        What.TERMINAL, one.device.hex(), Text(called, called), own, reasons, as_of_ms=one.heard_ms,
        version="" if running is None else str(running), waits=waits,
    )  # fmt: skip
