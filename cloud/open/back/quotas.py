"""How much an application may call: so often a minute, so often a day; and how that is said (RateLimit fields). Pure.

A minute begins with the clock's; a day is the campus'. A day's count is laid down once a turn, so a kill forgets the
calls of one turn at most. Fields: draft-ietf-httpapi-ratelimit-headers.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from shared.clocks.clock import DAY_S

MINUTE_S = 60


class Left(NamedTuple):
    """After a call. wait_s: 0, it may; else until when it may again."""

    minute: int
    minute_s: int
    day: int
    day_s: int
    wait_s: int


@dataclass(slots=True)
class _Spent:
    minute: int = 0
    of_minute: int = 0
    day: int = 0
    of_day: int = 0
    is_new: bool = False


@dataclass(slots=True)
class Quotas:
    """Of all applications; there are APPS_MAX of them at most."""

    _spent: dict[str, _Spent] = field(default_factory=dict)

    def knows(self, app: str) -> bool:
        """Has it called since the start?"""
        return app in self._spent

    def begin(self, app: str, day: int, calls: int) -> None:
        """What the file says of today."""
        self._spent[app] = _Spent(day=day, of_day=calls)

    def take(self, app: str, per_minute: int, per_day: int, unix_s: int, campus_s: int) -> Left:
        """One call, counted where it may; one that may not costs nothing."""
        spent = self._spent.setdefault(app, _Spent())
        if spent.minute != unix_s // MINUTE_S:
            spent.minute, spent.of_minute = unix_s // MINUTE_S, 0
        if spent.day != campus_s // DAY_S:
            spent.day, spent.of_day = campus_s // DAY_S, 0
        minute_s, day_s = MINUTE_S - unix_s % MINUTE_S, DAY_S - campus_s % DAY_S
        wait_s = day_s if spent.of_day >= per_day else minute_s if spent.of_minute >= per_minute else 0
        if not wait_s:
            spent.of_minute, spent.of_day, spent.is_new = spent.of_minute + 1, spent.of_day + 1, True
        return Left(max(0, per_minute - spent.of_minute), minute_s, max(0, per_day - spent.of_day), day_s, wait_s)

    def unsaid(self) -> list[tuple[str, int, int]]:
        """App, day and calls of those that have called since it was last asked."""
        found = [(app, one.day, one.of_day) for app, one in self._spent.items() if one.is_new]
        for app, _, _ in found:
            self._spent[app].is_new = False
        return found


def fields(left: Left, per_minute: int, per_day: int) -> list[tuple[str, str]]:
    """Of an answer's head."""
    said = [
        ("RateLimit-Policy", f'"minute";q={per_minute};w={MINUTE_S}, "day";q={per_day};w={DAY_S}'),
        ("RateLimit", f'"minute";r={left.minute};t={left.minute_s}, "day";r={left.day};t={left.day_s}'),
    ]
    return [*said, ("Retry-After", str(left.wait_s))] if left.wait_s else said
