"""Flood 报警洪水: more new alarms in ten minutes than a person can see to; it ends when fewer have come. Pure.

It is counted for each scope by itself: a person who is told, a box with all below it, the list of the campus. While one
lasts what is not urgent is told together. After a restart it is not known what came before it: a flood that lasted
then goes on for another ten minutes at least.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple

WINDOW_MS = 600_000
BEGINS_ABOVE, ENDS_BELOW = 10, 5
"""New alarms within the window. Between the two it stays as it is."""
COUNTED_MAX = 1000
"""Of one scope; more say no more."""
SCOPES_MAX = 5000
"""Scopes that are counted at once; at it the next one is not, and is in no flood."""
CAMPUS = "campus"


def of_person(name: str) -> str:
    """The scope of somebody who is told."""
    return f"person:{name}"


class Turned(NamedTuple):
    """A flood began (until_ms 0), or has ended."""

    scope: str
    since_ms: int
    until_ms: int


class Flood:
    """since: of each scope that is in a flood now, since when; kept over a restart by the caller."""

    def __init__(self) -> None:
        self.since: dict[str, int] = {}
        self._came: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=COUNTED_MAX))

    def restore(self, since: dict[str, int], now_ms: int) -> None:
        """What lasted when the last process ended."""
        self.since = dict(since)
        for scope in since:
            self._came[scope].extend([now_ms] * BEGINS_ABOVE)

    def count(self, scopes: Iterable[str], at_ms: int) -> None:
        """A new alarm calls, in each of these."""
        for scope in scopes:
            if scope in self._came or len(self._came) < SCOPES_MAX:
                self._came[scope].append(at_ms)

    def turn(self, now_ms: int) -> list[Turned]:
        """What has begun and ended by now."""
        found: list[Turned] = []
        for scope, came in list(self._came.items()):
            while came and now_ms - came[0] >= WINDOW_MS:
                came.popleft()
            found += self._turned(scope, len(came), now_ms)
            if not came:
                del self._came[scope]
        return found

    def lasts(self, *scopes: str) -> bool:
        """Is any of them in a flood?"""
        return any(scope in self.since for scope in scopes)

    def _turned(self, scope: str, count: int, now_ms: int) -> list[Turned]:
        if scope not in self.since and count > BEGINS_ABOVE:
            self.since[scope] = now_ms
            return [Turned(scope, now_ms, 0)]
        if scope in self.since and count < ENDS_BELOW:
            return [Turned(scope, self.since.pop(scope), now_ms)]
        return []
