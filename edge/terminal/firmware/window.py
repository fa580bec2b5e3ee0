"""Which records go out next, and what ACK and SETTLED do to them. Pure but for the flash that it reads.

In order within an epoch, older epochs first, a bounded number in flight; silence sends the window again, slower each
time. ACK ends re-sending; SETTLED frees slots and is refused above what was ACKed in this conversation.
"""

from dataclasses import dataclass

from edge.link.messages import WelcomeEpoch
from edge.terminal.store.flash import Epoch, Flash

WINDOW = 8
"""Records in flight on TCP."""
WINDOW_BUS = 2
"""Records in flight on a shared bus: 32 terminals' worth must pass within RESEND_S at 75 records/s."""
RESEND_S = 2.0
RESEND_MAX_S = 16.0
"""Silence before the window is sent again doubles up to this; there is no last try."""


@dataclass(slots=True)
class Lane:
    """One epoch of WELCOME. acked: the edge has all up to it; sent: in flight up to it."""

    epoch: int
    index: int
    acked: int
    sent: int


class Window:
    """Sending state of one conversation. flying_s: since when the oldest record in flight waits for its ACK."""

    def __init__(self, flash: Flash, size: int) -> None:
        self._flash = flash
        self._size = size
        self._lanes: list[Lane] = []
        self._resend_at = float("inf")
        self._wait_s = RESEND_S
        self.flying_s = 0.0
        self.resent = 0
        self.refused = 0

    def begin(self, epochs: tuple[WelcomeEpoch, ...], mono_s: float, *, same_store: bool) -> list[Epoch]:
        """A conversation begins; the closed epochs that its marks drained. Another store has to get all again.

        StoreFault when the box holds more than this store, and records wait here.
        """
        self._lanes = []
        drained = []
        for index, told in enumerate(epochs):
            row = self._flash.epoch(told.epoch)
            if row is None:
                continue
            held = min(max(told.held, row.settled), row.last)
            self._flash.settle(row, min(told.settled, held))
            if row is self._flash.current and told.held > row.last:
                self._flash.go_behind(told.held)
                held = row.last
            if row.drained and row is not self._flash.current:
                drained.append(row)
                continue
            acked = held if same_store else row.settled
            self._lanes.append(Lane(told.epoch, index, acked, acked))
        self._wait_s = RESEND_S
        self._resend_at = float("inf")
        self.flying_s = mono_s
        return drained

    def end(self) -> None:
        """The conversation is over: nothing is in flight."""
        self._lanes = []
        self._resend_at = float("inf")

    def add_epoch(self, epoch: int, index: int, acked: int) -> None:
        """An epoch that began with this conversation."""
        if all(lane.epoch != epoch for lane in self._lanes):
            self._lanes.append(Lane(epoch, index, acked, acked))

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return tuple(self._lanes)

    @property
    def unsent(self) -> int:
        """Records that no ACK has covered, as far as this conversation knows; all unsettled ones without it."""
        if not self._lanes:
            return self._flash.unsettled
        rows = ((self._flash.epoch(lane.epoch), lane) for lane in self._lanes)
        return sum(row.last - lane.acked for row, lane in rows if row is not None)

    def take(self, mono_s: float) -> list[tuple[int, bytes]]:
        """(epoch index, wire bytes) of the records to send now. StoreFault when the store cannot read one."""
        was_flying = self.is_flying()
        if mono_s >= self._resend_at:
            self._again(mono_s)
        room = self._size
        if was_flying:
            room -= sum(lane.sent - lane.acked for lane in self._lanes)
        out: list[tuple[int, bytes]] = []
        for lane in self._lanes:
            row = self._flash.epoch(lane.epoch)
            while row is not None and room > 0 and lane.sent < row.last:
                lane.sent += 1
                room -= 1
                out.append((lane.index, self._flash.read(row, lane.sent)))
        if out and not was_flying:
            self.flying_s = mono_s
            self._resend_at = mono_s + self._wait_s
        return out

    def due_s(self) -> float:
        """When silence must be answered."""
        return self._resend_at

    def is_flying(self) -> bool:
        """Is a record in flight?"""
        for lane in self._lanes:  # noqa: SIM110  # asked a dozen times per tap, a plain loop is half as dear
            if lane.sent > lane.acked:
                return True
        return False

    def ack(self, epoch: int, seq: int, mono_s: float) -> None:
        """The edge has all up to seq."""
        lane = next((lane for lane in self._lanes if lane.epoch == epoch), None)
        row = self._flash.epoch(epoch)
        if lane is None or row is None or seq > row.last:
            self.refused += 1
            return
        self.flying_s = mono_s
        lane.acked = max(lane.acked, seq)
        lane.sent = max(lane.sent, lane.acked)
        self._wait_s = RESEND_S
        self._resend_at = mono_s + RESEND_S if self.is_flying() else float("inf")

    def settled(self, epoch: int, seq: int) -> bool:
        """The ledger has all up to seq. True when that drained a closed epoch. Refused above the ACK."""
        lane = next((lane for lane in self._lanes if lane.epoch == epoch), None)
        row = self._flash.epoch(epoch)
        if lane is None or row is None or seq > lane.acked:
            self.refused += 1
            return False
        self._flash.settle(row, seq)
        closed = row.drained and row is not self._flash.current
        if closed:
            self._lanes.remove(lane)
        return closed

    def _again(self, mono_s: float) -> None:
        flying = sum(lane.sent - lane.acked for lane in self._lanes)
        self.resent += flying
        for lane in self._lanes:
            lane.sent = lane.acked
        self._wait_s = min(self._wait_s * 2, RESEND_MAX_S) if flying else RESEND_S
        self._resend_at = mono_s + self._wait_s if flying else float("inf")
