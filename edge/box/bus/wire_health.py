"""How a CAN bus does before anybody can be named for it: error-passive nodes, its load, errors that grow. Pure.

By what the box's own controller counts, and by what its terminals say of theirs. Load is reckoned with frames of mean
size: a figure to look at. Totals that are smaller than before are those of a link that began anew.
"""

from collections import deque

from edge.box.terminals.terminals import Tell
from edge.box.values.effects import Now
from edge.link.can.health import PASSIVE_AT
from edge.link.can.quota import MEAN_FRAME_BITS
from edge.link.messages import Emcy
from edge.link.port import BusReport
from shared.facts.buses import BusErrorPassive, BusErrorsRise, BusLoadHigh, BusLoadOver

PASSIVE_EVERY_S = 600.0
"""Of one node it is told no oftener."""
LOAD_S = 60.0
"""Over so long the load is a mean."""
LOAD_HIGH, LOAD_OVER = 0.70, 0.60
OVER_TIMES = 5
"""So many means below LOAD_OVER, one after another, and the bus has room again."""
HOUR_S = 3600.0
HOURS = 24
HOURS_MIN = 3
"""Hours of before that an hour is held against."""
RISE_MIN, RISE_TIMES = 20, 4
"""An hour with so many errors, and so many times the mean of before."""
EDGE, EDGE_NAME = 0, "edge"


class WireHealth:
    """Of one CAN link. bitrate: its bits per second."""

    def __init__(self, name: str, bitrate: int, tell: Tell) -> None:
        self._name, self._bitrate, self._tell = name, bitrate, tell
        self._passive_s: dict[int, float] = {}
        self._peaks: dict[int, tuple[int, int]] = {}
        self._passives = 0
        self._frames: tuple[float, int] | None = None
        self._is_high, self._low_times = False, 0
        self._errors: int | None = None
        self._hour_s = 0.0
        self._this_hour = 0
        self._hours: deque[int] = deque(maxlen=HOURS)

    def edge(self, now: Now, report: BusReport) -> None:
        """What the box's own controller counts."""
        if report.passives > self._passives:
            self._say_passive(now, EDGE, EDGE_NAME, report.tec_peak, report.rec_peak)
        self._passives = report.passives
        self._weigh(now, report.frames + report.heard)
        self._count(now, report.errors)

    def heard(self, now: Now, address: int, name: str, emcy: Emcy) -> None:
        """What a terminal says of its own: the peaks of its counters. What they were before is of another time."""
        peaks = emcy.tec_peak, emcy.rec_peak
        before = self._peaks.get(address)
        self._peaks[address] = peaks
        if before is not None and max(before) < PASSIVE_AT <= max(peaks):
            self._say_passive(now, address, name, *peaks)

    def _say_passive(self, now: Now, address: int, name: str, tec: int, rec: int) -> None:
        last_s = self._passive_s.get(address)
        if last_s is not None and now.mono_s - last_s < PASSIVE_EVERY_S:
            return
        self._passive_s[address] = now.mono_s
        self._tell(now, BusErrorPassive(self._name, address, name, tec, rec), about=f"{self._name}:passive:{address}")

    def _weigh(self, now: Now, frames: int) -> None:
        since_s, before = self._frames or (now.mono_s, frames)
        if frames < before or self._frames is None:
            self._frames = now.mono_s, frames
            return
        passed_s = now.mono_s - since_s
        if passed_s >= LOAD_S:
            self._frames = now.mono_s, frames
            self._loaded(now, (frames - before) * MEAN_FRAME_BITS / self._bitrate / passed_s)

    def _loaded(self, now: Now, load: float) -> None:
        percent = min(100, round(100 * load))
        self._low_times = self._low_times + 1 if load < LOAD_OVER else 0
        if load >= LOAD_HIGH:
            self._is_high = True
            self._tell(now, BusLoadHigh(self._name, percent), about=f"{self._name}:load")
        elif self._is_high and self._low_times >= OVER_TIMES:
            self._is_high = False
            self._tell(now, BusLoadOver(self._name, percent), about=f"{self._name}:load")

    def _count(self, now: Now, errors: int) -> None:
        """Looks with an error in them, by the hour."""
        if self._errors is None or now.mono_s - self._hour_s >= HOUR_S:
            self._turn_hour(now, is_first=self._errors is None)
        self._this_hour += self._errors is not None and errors > self._errors
        self._errors = errors

    def _turn_hour(self, now: Now, *, is_first: bool) -> None:
        errors, self._this_hour = self._this_hour, 0
        self._hour_s = now.mono_s
        if is_first:
            return
        mean = sum(self._hours) / max(1, len(self._hours))
        is_known = len(self._hours) >= HOURS_MIN
        self._hours.append(errors)
        if is_known and errors >= RISE_MIN and errors >= RISE_TIMES * mean:
            self._tell(now, BusErrorsRise(self._name, errors, round(mean)), about=f"{self._name}:errors")
