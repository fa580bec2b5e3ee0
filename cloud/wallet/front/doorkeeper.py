"""How often an address may call: a bucket each, of so many calls, that fills again with time.

A school's phones stand behind few addresses, a dining hall's maybe behind one: the bounds are a hall's, not a person's.
What a person or a holder may try is bounded by the accounts service, which knows them.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

ADDRESSES_MAX = 10_000
"""So many are remembered; who has not called for longest is forgotten."""


class Pace(NamedTuple):
    """`most` at once, and `a_second` again with time."""

    most: float
    a_second: float


CALLS = Pace(2_000, 150.0)
"""Of all calls: a hundred codes on screens are looked at so often, and half of what the accounts service can do is left
to others."""
SIGN_INS = Pace(60, 0.5)
"""Of those that try to sign in, to bind, or to report without a session."""


@dataclass(slots=True)
class Doorkeeper:
    """One pace for all addresses."""

    pace: Pace
    _left: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict)

    def wait_s(self, address: str, now_s: float) -> float:
        """0: it may call, and that is counted. Else the seconds until it may. now_s: monotonic."""
        left, at_s = self._left.pop(address, (self.pace.most, now_s))
        left = min(self.pace.most, left + max(0.0, now_s - at_s) * self.pace.a_second)
        may = left >= 1
        self._left[address] = (left - 1 if may else left, now_s)
        if len(self._left) > ADDRESSES_MAX:
            self._left.popitem(last=False)
        return 0.0 if may else (1 - left) / self.pace.a_second
