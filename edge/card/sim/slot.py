"""One slot of a virtual reader without its socket: a card put in, taken out, or torn at a chosen command.

Bodies of the vpcd wire in, a reaction out. Torn means: the reader loses the card before a command, while the card
works, in the middle of its answer, or hears nothing although the card lies there. Decides nothing about money.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edge.card.sim.chip import Chip
from edge.card.sim.wire import HEAD, Control, frame
from shared.purse.errors import CardLost


class Cut(Enum):
    """Where a command is cut off. MUTE: the card did it and never answers, but does not leave."""

    BEFORE = "before"
    AFTER = "after"
    MIDDLE = "middle"
    MUTE = "mute"


@dataclass(frozen=True, slots=True)
class Reaction:
    """Bytes for the reader; `gone`: then the line drops, for no card lies there any more."""

    raw: bytes = b""
    gone: bool = False


@dataclass(slots=True)
class _Plan:
    cut: Cut
    left: int
    keep: int
    """How many bytes of a cut answer still arrive."""


_NOTHING = Reaction()
_DROPPED = Reaction(gone=True)
"""What an empty slot says to everything; an answer of no bytes would hang vpcd."""


class Slot:
    """A slot with or without a card. `commands` counts the APDUs that reached the card that lies there now."""

    def __init__(self) -> None:
        self._chip: Chip | None = None
        self._atr = b""
        self._plan: _Plan | None = None
        self.commands = 0

    @property
    def is_empty(self) -> bool:
        return self._chip is None

    def insert(self, chip: Chip) -> None:
        """Put a card in, unpowered; whatever lay there has left."""
        self.pull()
        # vpcd asks for the ATR before it powers: a card that has been in no field yet must be known by its ATR
        self._atr = chip.power_on()
        chip.power_off()
        self._chip = chip
        self.commands = 0

    def pull(self) -> None:
        """Take the card out, if there is one."""
        if self._chip is not None:
            self._chip.power_off()
        self._chip = None
        self._plan = None

    def tear(self, cut: Cut, at: int = 1, keep: int = 1) -> None:
        """Cut the `at`-th command from now; MIDDLE lets `keep` bytes of its answer through."""
        self._plan = _Plan(cut, at, keep)

    def take(self, body: bytes) -> Reaction:
        """A body from the reader."""
        if self._chip is None:
            return _DROPPED
        if len(body) == 1:
            return self._control(self._chip, body[0])
        return self._command(self._chip, body)

    def _control(self, chip: Chip, code: int) -> Reaction:
        if code == Control.ATR:
            return Reaction(frame(self._atr))
        if code in (Control.ON, Control.RESET):
            self._atr = chip.power_on()
        elif code == Control.OFF:
            chip.power_off()
        return _NOTHING

    def _command(self, chip: Chip, apdu: bytes) -> Reaction:
        plan = self._due()
        if plan is not None and plan.cut is Cut.BEFORE:
            return self._left()
        self.commands += 1
        try:
            answer = frame(chip.transmit(apdu))
        except CardLost:
            return self._left()
        if plan is None:
            return Reaction(answer)
        if plan.cut is Cut.MUTE:
            return _NOTHING
        return self._left(answer[: HEAD + plan.keep] if plan.cut is Cut.MIDDLE else b"")

    def _due(self) -> _Plan | None:
        """The plan, when this is its command."""
        plan = self._plan
        if plan is None:
            return None
        plan.left -= 1
        if plan.left > 0:
            return None
        self._plan = None
        return plan

    def _left(self, raw: bytes = b"") -> Reaction:
        self.pull()
        return Reaction(raw, gone=True)
