"""Records that the centre wants once more: sent beside the day's own, a few at a time. Pure but for the flash it reads.

They are those of an epoch of this conversation that the ring still holds; the box acknowledges what it has already, and
takes what it has not. One order at a time.
"""

from edge.terminal.firmware.window import Window
from edge.terminal.store.flash import Flash
from shared.fleet.order import Reread

EVERY_S = 0.25
RUN = 2
"""Records each time: eight a second, a tenth of what the slowest bus carries."""
_NEVER = float("inf")


class Rereading:
    """sent: of the order that runs or ran last; last: whether all of it was looked at."""

    def __init__(self, flash: Flash, window: Window) -> None:
        self._flash = flash
        self._window = window
        self._left = range(0)
        self._epoch = 0
        self._due_s = _NEVER
        self.sent = 0

    def begin(self, order: Reread, mono_s: float) -> bool:
        """False: nothing of that epoch is here."""
        if self._flash.epoch(order.epoch) is None:
            return False
        self._epoch, self._left, self.sent = order.epoch, range(order.first, order.last + 1), 0
        self._due_s = mono_s
        return True

    @property
    def is_over(self) -> bool:
        """Was every record looked at?"""
        return not self._left

    def due_s(self) -> float:
        """When there are more to send, as long as the epoch is one of the conversation."""
        return _NEVER if self.is_over else self._due_s

    def take(self, mono_s: float) -> list[tuple[int, bytes]]:
        """(epoch index, wire bytes) of the next ones. An epoch that has drained meanwhile ends it."""
        if self.is_over or mono_s < self._due_s:
            return []
        row = self._flash.epoch(self._epoch)
        lane = next((lane for lane in self._window.lanes if lane.epoch == self._epoch), None)
        if row is None or lane is None:
            self._left = range(0)
            return []
        self._due_s = mono_s + EVERY_S
        turn, self._left = self._left[:RUN], self._left[RUN:]
        found = [(lane.index, wire) for seq in turn if (wire := self._flash.still(row, seq)) is not None]
        self.sent += len(found)
        return found
