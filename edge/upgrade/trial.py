"""Is a release on trial well? By what the box sees of itself: buses answer as before, the clock does not go back. Pure.

That the store opens is shown by asking at all. No network is asked: terminals on TCP, broker and platform may be away.
Well it is from WELL_S on, when all is as before; a bus that has not come back within BOUND_S speaks against it.
"""

from typing import NamedTuple

WELL_S = 20.0
"""It has to have run so long."""
BOUND_S = 180.0
"""Terminals on a bus are back in seconds; a box begins anew when nobody taps."""


class Before(NamedTuple):
    """What the release before it left. boot: of the machine; unix_s: its clock then, 0: not known."""

    answering: frozenset[str]
    boot: str
    unix_s: int


class Seen(NamedTuple):
    """What is seen now."""

    answering: frozenset[str]
    boot: str
    unix_s: int


class Trial:
    """Of one start."""

    def __init__(self, before: Before, mono_s: float) -> None:
        self._before, self._begun_s = before, mono_s

    def look(self, seen: Seen, mono_s: float) -> str | None:
        """None: not yet; empty: it is well; else what is wrong."""
        wrong = self._wrong(seen)
        age_s = mono_s - self._begun_s
        if not wrong:
            return "" if age_s >= WELL_S else None
        return wrong if age_s >= BOUND_S else None

    def _wrong(self, seen: Seen) -> str:
        if lost := sorted(self._before.answering - seen.answering):
            return ", ".join(lost)
        is_same_boot = seen.boot == self._before.boot  # after another one a clock may begin anywhere
        return "clock" if is_same_boot and seen.unix_s < self._before.unix_s else ""
