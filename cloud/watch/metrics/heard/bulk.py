"""Readings of boxes as they come in on up/bulk: judged, counted by box, and kept until the next look. Pure.

Every message gets a verdict; only TAKEN ones become points. Bounds: BOXES_MAX boxes, a message a second of each, and
LINKS_MAX links of each; further ones are turned away, and counted.
"""

import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from cloud.watch.metrics.points import Point, Value
from cloud.watch.metrics.series import OF_READINGS, SERIES
from shared.errors import WireFault
from shared.ids import BoxId
from shared.wire.box_state import READINGS_BYTES_MAX, Reading, ReadingRow, Readings, decode_readings
from shared.wire.codec import WIRE_VERSION
from shared.wire.topics import UP_BULK, parse

BOXES_MAX = 1000
LINKS_MAX = 16
PACE_S = 1.0
"""A box says one in five seconds; more than one in this is no box of ours."""
TEMPERATURE_MAX_MC, NUMBER_MAX = 200_000, 1 << 53
_KNOWN = frozenset(Reading)
_CARDLIKE = re.compile(r"[0-9]{12}")
"""No box is called so; somebody without rights of his own, at the embedded broker, might say it."""


class Verdict(StrEnum):
    """What became of a message."""

    TAKEN = "taken"
    FOREIGN = "foreign"
    """On no topic of a box."""
    TOO_MANY = "too-many"
    TOO_FAST = "too-fast"
    TOO_LONG = "too-long"
    NEWER = "newer"
    """Of a version that this program does not know."""
    MALFORMED = "malformed"
    REPEATED = "repeated"
    """The same again."""


class _OfBox:
    __slots__ = ("at_s", "counts", "fresh", "last", "links", "lost")

    def __init__(self) -> None:
        self.at_s = float("-inf")
        self.counts: Counter[Verdict] = Counter()
        self.last: Readings | None = None
        self.fresh: Readings | None = None
        self.links: set[str] = set()
        self.lost = 0


class Bulk:
    """Not thread-safe."""

    def __init__(self) -> None:
        self.nobodys: Counter[Verdict] = Counter()
        """Verdicts of what no box of ours has said."""
        self._boxes: dict[BoxId, _OfBox] = {}

    def hear(self, topic: str, payload: bytes, mono_s: float) -> Verdict:
        """One message. Never raises for its content."""
        try:
            address = parse(topic)
        except WireFault:
            return self._nobodys(Verdict.FOREIGN)
        if address.lane != UP_BULK or _CARDLIKE.search(address.box):
            return self._nobodys(Verdict.FOREIGN)
        of = self._boxes.get(address.box)
        if of is None:
            if len(self._boxes) >= BOXES_MAX:
                return self._nobodys(Verdict.TOO_MANY)
            of = self._boxes[address.box] = _OfBox()
        verdict = _judge(of, payload, mono_s)
        of.counts[verdict] += 1
        return verdict

    def counted(self, box: BoxId) -> Counter[Verdict]:
        """What became of a box's messages."""
        return self._boxes[box].counts if box in self._boxes else Counter()

    def points(self, now_ms: int) -> Iterator[Point]:
        """Of all that came since the last call, at our own time: a box's clock may be anything."""
        for box, of in self._boxes.items():
            fresh, of.fresh = of.fresh, None
            refused = sum(of.counts.values()) - of.counts[Verdict.TAKEN]
            own: dict[str, Value] = {"readings-refused": refused, "readings-lost": of.lost}
            if fresh is not None:
                own["readings-dropped"] = fresh.dropped
                yield from _of_links(box, of, fresh, now_ms)
                own.update(_values(fresh.rows, ""))
            yield _point(box, own, now_ms)

    def _nobodys(self, verdict: Verdict) -> Verdict:
        self.nobodys[verdict] += 1
        return verdict


def _judge(of: _OfBox, payload: bytes, mono_s: float) -> Verdict:
    if mono_s - of.at_s < PACE_S:
        return Verdict.TOO_FAST
    of.at_s = mono_s
    if len(payload) > READINGS_BYTES_MAX:
        return Verdict.TOO_LONG
    if payload[:1] and payload[0] > WIRE_VERSION:
        return Verdict.NEWER
    try:
        readings = decode_readings(payload)
    except WireFault:
        return Verdict.MALFORMED
    return _take(of, readings)


def _take(of: _OfBox, readings: Readings) -> Verdict:
    """A box that began anew counts from 1 again, and its clock may be dead meanwhile."""
    before = of.last
    if before is not None and (readings.number, readings.at_ms) == (before.number, before.at_ms):
        return Verdict.REPEATED
    if before is not None and readings.number > before.number:
        unsaid = max(0, readings.dropped - before.dropped)
        of.lost += max(0, readings.number - before.number - 1 - unsaid)
    of.last = of.fresh = readings
    return Verdict.TAKEN


def _of_links(box: BoxId, of: _OfBox, readings: Readings, now_ms: int) -> Iterator[Point]:
    for link in dict.fromkeys(row.part for row in readings.rows if row.part):
        if link not in of.links and len(of.links) >= LINKS_MAX:
            of.counts[Verdict.TOO_MANY] += 1
            continue
        of.links.add(link)
        values = dict(_values(readings.rows, link))
        if values:
            yield _point(f"{box}/{link}", values, now_ms)


def _values(rows: tuple[ReadingRow, ...], part: str) -> Iterator[tuple[str, Value]]:
    """A number of a newer box means nothing yet; one beyond what it can be is nobody's."""
    for row in rows:
        if row.part != part or row.kind not in _KNOWN:
            continue
        name, scale = OF_READINGS[Reading(row.kind)]
        if (row.kind >= Reading.BUS_LOAD_PERMILLE) == bool(part) and _can_be(Reading(row.kind), row.value):
            yield name, row.value if scale == 1 else row.value / scale


def _can_be(kind: Reading, value: int) -> bool:
    if kind is Reading.TEMPERATURE_MC:
        return abs(value) <= TEMPERATURE_MAX_MC
    return 0 <= value <= (1000 if kind.name.endswith("PERMILLE") else NUMBER_MAX)


def _point(tag: str, values: dict[str, Value], now_ms: int) -> Point:
    return Point(SERIES[next(iter(values))].measurement, tag, tuple(values.items()), now_ms)
