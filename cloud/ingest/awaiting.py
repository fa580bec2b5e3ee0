"""Which box of 0.1 was told which list of awaited cards 待补圈名单: at Hello, at a change, and now and then again.

Any other box takes it as a document. In memory: a new process takes every box for one that awaits nobody, and a list
that is not told again such a box forgets. Bound: the boxes that the broker lets in, one row each.
"""

from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from shared.ids import BoxId
from shared.wire.messages import NOBODY_AWAITED, Awaited

AGAIN_MS = 60_000
"""A list that names anybody is told again after this: the message may have found no connection."""
_NOTHING = (NOBODY_AWAITED, 0)
FRESH_MS = 1_000
"""The ledger is asked no sooner than after this."""


class Awaiting:
    """Belongs to the ledger thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._wanted = NOBODY_AWAITED
        self._asked_ms: int | None = None
        self._told: dict[BoxId, tuple[Awaited, int]] = {}

    def hello(self, box: BoxId, now: Now) -> Awaited | None:
        """What a box that has just connected, and holds no list, should hear."""
        self._told.pop(box, None)
        return self.due(box, now)

    def due(self, box: BoxId, now: Now) -> Awaited | None:
        """What this box should hear now, if anything. It counts as told. StoreFault."""
        wanted, (told, at_ms) = self._fresh(now), self._told.get(box, _NOTHING)
        is_old = bool(wanted.cards) and not 0 <= now.unix_ms - at_ms < AGAIN_MS
        if wanted == told and not is_old:
            return None
        self._told[box] = wanted, now.unix_ms
        return wanted

    def _fresh(self, now: Now) -> Awaited:
        if self._asked_ms is None or not 0 <= now.unix_ms - self._asked_ms < FRESH_MS:
            self._wanted, self._asked_ms = self._ledger.awaited(now), now.unix_ms
        return self._wanted
