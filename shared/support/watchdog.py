"""A process that is stuck says so and ends: to systemd where one listens, and by itself where nobody does.

Alive means that every duty has moved since it was said last: a process whose loop turns and whose disk hangs is not.
Then STATUS= names the duty that stands still, and nothing else is said. A duty that has stood still for STUCK_S ends
the process with STUCK, from a thread that needs neither the loop nor a lock of anybody: whoever keeps the process
starts it anew. (Containers restart nothing that is merely unhealthy.)
"""

import faulthandler
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

SOCKET = "NOTIFY_SOCKET"
VARIABLE = "YKT_STUCK_S"
"""Another bound, in seconds; 0: never."""
STUCK = 86
"""Exit code: a duty stood still, and is named on standard error."""
STUCK_S = 180.0
"""Above the longest that any of our waits has for a bound: a database may be silent for 120 s, and is no stuck duty."""
LOOK_S = 5.0
"""Between two looks; systemd's own WatchdogSec is several of them. It is looks that are counted, not seconds: a machine
that slept has stood still with all its duties."""
LOOKS_MIN = 4
Moved = Callable[[], Mapping[str, int]]


class Duty:
    """A counter of turns."""

    __slots__ = ("turns",)

    def __init__(self) -> None:
        self.turns = 0

    def turned(self) -> None:
        """One more."""
        self.turns += 1


class Errand:
    """A duty that there is only while somebody asks for it: at rest it counts as moving."""

    __slots__ = ("_begun", "_done", "_looks")

    def __init__(self) -> None:
        self._begun = self._done = self._looks = 0

    def __enter__(self) -> None:
        self._begun += 1

    def __exit__(self, *_: object) -> None:
        self._done += 1

    def moved(self) -> int:
        """Grows with each look while nothing is under way, and with what was done."""
        self._looks += self._begun == self._done
        return self._looks + self._done


class Systemd:
    """Who is told (sd_notify, one datagram each): silent where nobody listens. environment: as it was started with."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        told = environment.get(SOCKET, "")
        self._place = f"\0{told[1:]}" if told.startswith("@") else told
        self._moved: Mapping[str, int] = {}

    def ready(self) -> None:
        """It serves."""
        self._say("READY=1")

    def alive(self, moved: Mapping[str, int]) -> None:
        """How far each duty has come, a number that grows."""
        still = stuck(self._moved, moved)
        if still:
            self._say("STATUS=" + ", ".join(f"{name}: no progress" for name in still))
            return
        self._moved = dict(moved)
        self._say("WATCHDOG=1\nSTATUS=")

    def ending(self) -> None:
        """It ends in order."""
        self._say("STOPPING=1")

    def _say(self, words: str) -> None:
        """A supervisor that has gone, or is too busy, costs nothing."""
        if not self._place:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.connect(self._place)
            out.send(words.encode())


def stuck(before: Mapping[str, int], now: Mapping[str, int]) -> list[str]:
    """Duties that have not moved."""
    return [name for name, count in now.items() if before.get(name, -1) >= count]


class Standing:
    """How many looks in a row each duty has stood still. Pure."""

    def __init__(self, looks_max: int) -> None:
        self._looks_max = looks_max
        self._before: Mapping[str, int] = {}
        self._looks: dict[str, int] = {}

    def look(self, moved: Mapping[str, int]) -> list[str]:
        """Those that have stood still for looks_max of them."""
        still = stuck(self._before, moved)
        self._looks = {name: self._looks.get(name, 0) + 1 for name in still}
        self._before = dict(moved)
        return [name for name, looks in self._looks.items() if self._looks_max and looks >= self._looks_max]


class Watchdog:
    """Of one process, as a block around what it does from when its duties begin. moved: how far each has come."""

    def __init__(self, part: str, moved: Moved, environment: Mapping[str, str] | None = None) -> None:
        around = os.environ if environment is None else environment
        self._part, self._moved = part, moved
        self._systemd = Systemd(around)
        self._look_s, looks = looks_of(around)
        self._standing = Standing(looks)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        """From now on."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        """Its end in order is no duty of before: whoever stops it has a bound of his own."""
        self._systemd.ending()
        self._over.set()

    def ready(self) -> None:
        """It serves."""
        self._systemd.ready()

    def _run(self) -> None:
        while not self._over.wait(self._look_s):
            moved = self._moved()
            self._systemd.alive(moved)
            if still := self._standing.look(moved):
                _end(self._part, still)


def looks_of(environment: Mapping[str, str]) -> tuple[float, int]:
    """Seconds between two looks, and how many a duty may stand still; 0: for ever."""
    try:
        bound_s = float(environment.get(VARIABLE, STUCK_S))
    except ValueError:
        bound_s = STUCK_S
    if not 0 < bound_s < 86_400:  # 0, and what is no number of a person
        return LOOK_S, 0
    look_s = min(LOOK_S, bound_s / LOOKS_MIN)
    return look_s, max(LOOKS_MIN, round(bound_s / look_s))


def _end(part: str, still: list[str]) -> None:
    """Nothing here may wait: not for a pipe that nobody reads, and for no lock. Where each thread stands is told."""
    with suppress(OSError):
        os.set_blocking(2, False)
        os.write(2, f"FAULT {part} is stuck: {', '.join(still)}; it ends with {STUCK}\n".encode())
        faulthandler.dump_traceback(2)
    os._exit(STUCK)
