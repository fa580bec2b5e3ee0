"""The ledger's clock as this box knows it, so that a request can say in the ledger's time when it is too late. Pure.

A box without a clock (1 January 2000) or with a wrong one must neither lose its loads nor let a late one through:
the ledger says its time, and from then on only monotonic seconds count. Never ahead of the ledger's clock by its doing:
a time that was long under way is merely old, so that a request counts as late too early and not too late.

Refuses a time that no record could have, and one that jumps: a single word that is false must neither stop loads nor
let late ones through. A jump that the ledger insists on is its clock that was put right, and is taken.
"""

from edge.box.values.effects import Now
from shared.facts.boxes import LedgerTimeImpossible, LedgerTimeJumps
from shared.facts.told import Told

EARLIEST_MS = 946_684_800_000
LATEST_MS = EARLIEST_MS + (0xFFFF_FFFF - 86_400) * 1000
"""2000 to 2136 in every time zone: the times that a record can tell."""
JUMP_MS = 600_000
"""A clock that differs from our reckoning by more has jumped: drift and the way here do not come near it."""
INSISTED_TIMES = 3
"""So often in a row the same jump is told before it is believed."""
SAME_MS = 10_000
"""Two jumps are the same when they agree so closely, the time between them counted."""


class LedgerClock:
    """Unknown until the ledger has said its time once."""

    def __init__(self) -> None:
        self._known = _Reckoning()
        self._doubted = _Reckoning()
        self._times = 0

    def heard(self, now: Now, ledger_ms: int) -> Told | None:
        """The ledger's Unix ms, just arrived. None: taken; else why it was not."""
        if not EARLIEST_MS <= ledger_ms <= LATEST_MS:
            return LedgerTimeImpossible(ledger_ms)
        known = self.at(now.mono_s)
        ahead_ms = ledger_ms - known if known else 0
        if abs(ahead_ms) > JUMP_MS and not self._insists(now, ledger_ms):
            return LedgerTimeJumps(int(ahead_ms / 1000))
        self._known, self._times = _Reckoning(ledger_ms, now.mono_s), 0
        return None

    def at(self, mono_s: float) -> int | None:
        """The ledger's Unix ms at this monotonic second, or a little less; None when not known."""
        return self._known.at(mono_s) if self._known.ledger_ms else None

    def _insists(self, now: Now, ledger_ms: int) -> bool:
        same = abs(ledger_ms - self._doubted.at(now.mono_s)) <= SAME_MS
        self._times = self._times + 1 if same else 1
        self._doubted = _Reckoning(ledger_ms, now.mono_s)
        return self._times >= INSISTED_TIMES


class _Reckoning:
    """A time that was told, and when."""

    __slots__ = ("_mono_s", "ledger_ms")

    def __init__(self, ledger_ms: int = 0, mono_s: float = 0.0) -> None:
        self.ledger_ms = ledger_ms
        self._mono_s = mono_s

    def at(self, mono_s: float) -> int:
        return self.ledger_ms + int((mono_s - self._mono_s) * 1000)
