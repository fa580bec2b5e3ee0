"""How many of its last taps a terminal has declined for its own sake, or the cards': a PSAM with wrong keys joins, and
every card refuses it. Pure.

By what terminals tally: totals since a power-on, of which only what has grown counts. What a rule refuses (a balance, a
limit) is no tap here, for it says nothing of either. Of taps of before the watch began nothing is known, nor of a
terminal with few of them.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cloud.ledger.fleet.parameters.tallies import Life
from cloud.watch.alarms.terms import Kind, Signal, Source
from shared.purse.reasons import Reason

WINDOW_MS = 600_000
"""A tap counts for so long."""
TAPS_MIN = 8
"""Of fewer nothing is said: one odd card is presented again and again."""
STEPS_MAX = 64
"""What is remembered of one terminal; beyond, its oldest taps go sooner."""
REFUSED = frozenset({
    Reason.CARD_KEY, Reason.CARD_DATA, Reason.CARD_REFUSED, Reason.PSAM_GONE, Reason.PSAM_REFUSED,
    Reason.UNKNOWN_STATUS, Reason.BAD_RESPONSE, Reason.MAC2_WRONG,
})  # fmt: skip
"""No rule refused these taps, and no hand was too quick: card and PSAM did not agree."""


class _Step(NamedTuple):
    at_ms: int
    declined: int
    taps: int


class Taps:
    """Of all terminals. `read_ms`: from when on the next look wants what was told."""

    def __init__(self) -> None:
        self.read_ms = 0
        self._known: dict[tuple[bytes, int, int, int], tuple[int, int]] = {}
        self._steps: dict[bytes, deque[_Step]] = {}

    def of(self, told: Iterable[Life], day: int, now_ms: int) -> Iterator[Signal]:
        """Percent that was declined, of terminals with at least TAPS_MIN taps within WINDOW_MS. day: the first that is
        asked for; what was told of those before it is forgotten."""
        is_first, self.read_ms = not self.read_ms, now_ms - WINDOW_MS
        self._known = {key: count for key, count in self._known.items() if key[1] >= day}
        for one in told:
            self._grew(one, now_ms, is_first=is_first)
        for device in [*self._steps]:
            steps = self._steps[device]
            while steps and not 0 <= now_ms - steps[0].at_ms < WINDOW_MS:
                steps.popleft()
            taps = sum(step.taps for step in steps)
            if not steps:
                del self._steps[device]
            elif taps >= TAPS_MIN:
                share = 100 * sum(step.declined for step in steps) / taps
                yield Signal("taps-declined", Source(Kind.TERMINAL, device.hex()), now_ms, share)

    def _grew(self, one: Life, now_ms: int, *, is_first: bool) -> None:
        declined = sum(times for reason, times in one.reasons.items() if reason in REFUSED)
        now = declined, one.served + declined
        before = self._known.get(one.key, now if is_first else (0, 0))
        self._known[one.key] = now
        if now[1] > before[1]:
            step = _Step(now_ms, now[0] - before[0], now[1] - before[1])
            self._steps.setdefault(one.device, deque(maxlen=STEPS_MAX)).append(step)
