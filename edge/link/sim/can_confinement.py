"""Fault confinement of one controller: how its two error counters move, and what state follows. Pure.

Source: Bosch CAN 2.0 B part 8, ISO 11898-1. A receiver adds 1 for an error, and 8 more when it sees a dominant bit
right behind its own error flag: when it has flagged first, and the others after it. Only the transmit counter leads to
bus-off; a receive counter above the passive limit falls back to just below it at the next good frame.
"""

from dataclasses import dataclass

from edge.link.can.error import ControllerState

WARNING_AT, PASSIVE_AT, BUS_OFF_AT = 96, 128, 256
SENDING, HEARING, FLAGGED_FIRST = 8, 1, 9
"""What an error costs: who was sending; who only heard of it; who has flagged it first."""
FALLS_TO = 127
"""ISO leaves 119 to 127 to the controller."""
_REC_MAX = 255


@dataclass(slots=True)
class ErrorCounters:
    """tec and rec of one controller. misread: frames that it has lost in silence, as a passive node does."""

    tec: int = 0
    rec: int = 0
    misread: int = 0

    def sent(self) -> None:
        """A frame of its own was acknowledged."""
        self.tec = max(0, self.tec - 1)

    def heard(self) -> None:
        """It has read a good frame of somebody else."""
        self.rec = min(self.rec - 1, FALLS_TO) if self.rec else 0

    def failed(self) -> None:
        """A frame of its own was destroyed."""
        self.tec += SENDING

    def erred(self, first: bool) -> None:
        """It has seen an error in a frame of somebody else. first: nobody had flagged it before."""
        self.rec = min(self.rec + (FLAGGED_FIRST if first else HEARING), _REC_MAX)

    def misheard(self) -> None:
        """Passive, it found an error that nobody else saw: its flag is recessive, so it loses the frame alone."""
        self.misread += 1
        self.rec = min(self.rec + HEARING, _REC_MAX)

    def restart(self) -> None:
        """Back from bus-off."""
        self.tec = self.rec = 0

    @property
    def state(self) -> ControllerState:
        """What these counters mean."""
        if self.tec >= BUS_OFF_AT:
            return ControllerState.BUS_OFF
        worst = max(self.tec, self.rec)
        if worst >= PASSIVE_AT:
            return ControllerState.PASSIVE
        return ControllerState.WARNING if worst >= WARNING_AT else ControllerState.ACTIVE
