"""A shared two-wire line as a pure model: ten bits per byte, everybody hears everybody, two at once is garbage.

Time is a number passed in. A port set to another baud rate hears and says garbage, as on a real line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

NS_PER_S = 1_000_000_000
BITS_PER_BYTE = 10
# What a port may have waiting, like a driver's transmit buffer; the daemon reads no more until there is room.
PORT_MAX_BYTES = 512


class Heard(NamedTuple):
    """Bytes that arrived at a port."""

    port: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LineSettings:
    """`noise` is the part of all bytes that a disturbance garbles; `echo` lets a port hear itself."""

    baud: int = 115_200
    noise: float = 0.0
    echo: bool = False


@dataclass(slots=True)
class _Run:
    """Bytes one port says without a pause."""

    port: int
    start_ns: int
    data: bytearray = field(default_factory=bytearray)
    done: int = 0


class SimLine:
    """The line. Call `advance(now)` before `say(..., now)`: time never runs backwards."""

    def __init__(self, settings: LineSettings, ports: int, chance: Callable[[], float]) -> None:
        if settings.baud <= 0:
            raise ValueError(f"{settings.baud} is no baud rate")
        self._settings = settings
        self._chance = chance
        self._byte_ns = BITS_PER_BYTE * NS_PER_S // settings.baud
        self._ports = range(ports)
        self._runs: list[_Run] = []
        self._odd: set[int] = set()
        self.collisions = 0

    @property
    def byte_ns(self) -> int:
        """Nanoseconds per byte."""
        return self._byte_ns

    def set_matching(self, port: int, matches: bool) -> None:
        """Say whether a port is set to the line's own baud rate."""
        if matches:
            self._odd.discard(port)
        else:
            self._odd.add(port)

    def say(self, port: int, data: bytes, now_ns: int) -> None:
        """A port puts bytes on the line, after those it has not finished yet."""
        run = self._own_run(port, now_ns)
        if run is None:
            run = _Run(port, now_ns)
            self._runs.append(run)
        run.data += data

    def room(self, port: int) -> int:
        """Bytes the port may still hand over."""
        waiting = sum(len(run.data) - run.done for run in self._runs if run.port == port)
        return max(0, PORT_MAX_BYTES - waiting)

    def next_event_ns(self) -> int | None:
        """When the last byte that is known of now has passed; None on a silent line."""
        ends = [self._end_ns(run) for run in self._runs if run.done < len(run.data)]
        return min(ends, default=None)

    def advance(self, now_ns: int) -> list[Heard]:
        """Let the line run; gives what each port heard since, in order."""
        heard: dict[int, bytearray] = {}
        while (run := self._next_run()) is not None and self._byte_end_ns(run) <= now_ns:
            self._pass_byte(run, heard)
        self._runs = [run for run in self._runs if self._still_matters(run, now_ns)]
        return [Heard(port, bytes(data)) for port, data in sorted(heard.items())]

    def _own_run(self, port: int, now_ns: int) -> _Run | None:
        own = (run for run in self._runs if run.port == port and self._end_ns(run) >= now_ns)
        return next(own, None)

    def _next_run(self) -> _Run | None:
        unfinished = [run for run in self._runs if run.done < len(run.data)]
        return min(unfinished, key=self._byte_end_ns, default=None)

    def _byte_end_ns(self, run: _Run) -> int:
        return run.start_ns + (run.done + 1) * self._byte_ns

    def _end_ns(self, run: _Run) -> int:
        return run.start_ns + len(run.data) * self._byte_ns

    def _still_matters(self, run: _Run, now_ns: int) -> bool:
        """A finished run is kept while a byte that began before its end is still on the line."""
        return run.done < len(run.data) or self._end_ns(run) > now_ns - self._byte_ns

    def _pass_byte(self, run: _Run, heard: dict[int, bytearray]) -> None:
        byte = run.data[run.done]
        end_ns = self._byte_end_ns(run)
        start_ns = end_ns - self._byte_ns
        run.done += 1
        garbled = self._collides(run, start_ns, end_ns) or run.port in self._odd
        if self._settings.noise and self._chance() < self._settings.noise:
            garbled = True
        for port in self._ports:
            if port != run.port or self._settings.echo:
                spoilt = garbled or port in self._odd
                heard.setdefault(port, bytearray()).append(self._garbage() if spoilt else byte)

    def _collides(self, run: _Run, start_ns: int, end_ns: int) -> bool:
        for other in self._runs:
            if other.port != run.port and other.start_ns < end_ns and self._end_ns(other) > start_ns:
                self.collisions += 1
                return True
        return False

    def _garbage(self) -> int:
        return int(self._chance() * 256) & 0xFF
