"""What a node's controller reports of errors, summed up, and when a node that is bus-off is brought back. Pure.

The two error counters fall again with every good frame, so that a look at them now and then misses most of what has
happened: here their increments are added up. A bus-off node comes back after a pause of its own that doubles, for a
controller that restarts by itself hides a bad cable under a thousand short outages.
"""

from edge.link.can.error import BusTrouble, ControllerState

SENDING, FLAGGED_FIRST = 8, 9
PASSIVE_AT = 128
"""A counter of so much and more: the node may no longer flag the errors of others."""
BACK_MIN_S, BACK_MAX_S = 0.1, 30.0
"""The pause before a node that went bus-off is brought back, doubling from one to the other."""
HEALTHY_S = 60.0
"""A node that stayed on the bus so long begins with the shortest pause again."""


class Health:
    """Of one controller. `back_s`: monotonic second at which it is to be restarted, None: it is not bus-off.
    `passives`: how often it became error-passive."""

    def __init__(self) -> None:
        self.tec = self.rec = self.tec_sum = self.rec_sum = self.tec_peak = self.rec_peak = self.offs = 0
        self.passives = 0
        self._is_passive = False
        self.back_s: float | None = None
        self._pause_s = BACK_MIN_S
        self._back_since_s = float("-inf")

    def opened(self) -> None:
        """The bus is opened: a controller that was bus-off is not any more."""
        self.tec = self.rec = 0
        self.back_s, self._is_passive = None, False

    def note(self, trouble: BusTrouble, now_s: float) -> None:
        """One error frame."""
        if trouble.bus_error and not trouble.no_ack:  # alone on the bus: nobody's fault
            self._add(trouble)
        self.tec, self.rec = trouble.tec, trouble.rec
        self._look_at_state(trouble)
        self.tec_peak, self.rec_peak = max(self.tec_peak, self.tec), max(self.rec_peak, self.rec)
        if trouble.state is ControllerState.BUS_OFF and self.back_s is None:
            self._gone(now_s)
        elif trouble.restarted or trouble.state is ControllerState.ACTIVE:
            self._back(now_s)

    def _look_at_state(self, trouble: BusTrouble) -> None:
        """By the state that the driver says, else by the counters."""
        is_counted = max(trouble.tec, trouble.rec) >= PASSIVE_AT
        if trouble.state in (ControllerState.PASSIVE, ControllerState.BUS_OFF) or is_counted:
            self.passives += not self._is_passive
            self._is_passive = True
        elif trouble.state is not None or trouble.tec or trouble.rec:
            self._is_passive = False

    def is_due(self, now_s: float) -> bool:
        """Restart it now? Said once; if nothing comes of it, it is due again after the next pause."""
        if self.back_s is None or now_s < self.back_s:
            return False
        self._pause_s = min(2 * self._pause_s, BACK_MAX_S)
        self.back_s = now_s + self._pause_s
        return True

    def _add(self, trouble: BusTrouble) -> None:
        if trouble.while_sending:
            self.tec_sum += SENDING
        elif trouble.first:
            self.rec_sum += FLAGGED_FIRST
        else:
            # Where the driver does not tell who flagged first: what the counter has grown by, and 1 at least.
            self.rec_sum += max(1, min(trouble.rec - self.rec, FLAGGED_FIRST))

    def _gone(self, now_s: float) -> None:
        self.offs += 1
        self.tec_peak = 255
        if now_s - self._back_since_s >= HEALTHY_S:
            self._pause_s = BACK_MIN_S
        self.back_s = now_s + self._pause_s

    def _back(self, now_s: float) -> None:
        if self.back_s is not None:
            self.back_s = None
            self._back_since_s = now_s
