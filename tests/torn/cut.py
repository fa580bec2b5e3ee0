"""A terminal that is cut at a chosen point of one tap: the card is pulled, the power goes, or both at once.

Points are counted while the tap runs: before and after every APDU to card and PSAM, before and after every durable
write of either, before every write and sync of the flash, before and after the shown log, before a display.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from edge.terminal.settings.rides import RideSettings
from edge.terminal.store.flash import flash_size, format_flash
from edge.terminal.store.untold import NOWHERE
from edge.terminal.taps.display import Face
from edge.terminal.taps.steps import Show, Shown
from shared.ids import StorageId
from shared.purse.cos.images import RamMemory
from shared.purse.effects import ToCard, ToPsam
from shared.purse.errors import CardLost
from tests.sim.disk import PowerCut, SimFlash
from tests.sim.terminal_part import Done, TerminalPart
from tests.sim.truth import CardTruth


class Action(StrEnum):
    """What happens at the point. The two kills differ in what the flash keeps of writes that no sync had covered."""

    PULL = "pull"
    KILL = "kill"
    KILL_KEPT = "kill, tail kept"
    BOTH = "pull and kill"


SUCCESS = (Face.DONE, Face.EARLIER, Face.LOADED, Face.VOIDED)


@dataclass(slots=True)
class Cut:
    """Where and how: at the point of this number or name; 0 and no name: nowhere, the points are only counted.

    names: what was passed, in order.
    """

    at: int = 0
    action: Action = Action.PULL
    named: str = ""
    names: list[str] = field(default_factory=list)

    def here(self, name: str) -> bool:
        """Passes a point: is it the one?"""
        self.names.append(name)
        return len(self.names) == self.at or name == self.named


class CutFlash(SimFlash):
    """keeps_tail: all that was written reaches the medium, or nothing that was not synced."""

    keeps_tail = False

    def crash(self, kept: Any) -> None:
        """The power is gone."""
        super().crash(lambda size: size if self.keeps_tail else 0)


class CutTerminal(TerminalPart):
    """`arm` gives the next tap its cut; without one it is an ordinary terminal."""

    flash_form = CutFlash

    def __init__(self, *parts: Any) -> None:
        self._cut: Cut | None = None
        super().__init__(*parts)
        if self._psam_memory is not None:
            self._psam_memory = _PsamMemory(self, self._psam_memory.load())
        self.success_shown = 0
        self.rides = False  # what a ride may take here says the play, and the bus stands where it says
        self.stop = 0

    def drive(self, ride: RideSettings) -> None:
        """A bus from now on. Before it is switched on."""
        self.settings = replace(self.settings, ride=ride)
        self.stop = ride.point.stop

    def arm(self, cut: Cut) -> None:
        """From now until the tap ends."""
        self._cut = cut

    def present(self, card: CardTruth, verb: str, amount_fen: int, done: Done) -> None:
        """As ever; the cut ends with the tap."""

        def ended(result: Any) -> None:
            self._cut = None
            done(result)

        if self.settings.ride is not None and self.firmware is not None:
            self.firmware.at_stop(self.stop, 0)
        super().present(card, verb, amount_fen, ended)

    def replace_body(self) -> None:
        """The body is taken away with all that it holds, and another one with an empty store hangs in its place."""
        self.world.note("body replaced", self.name)
        self._life += 1
        self.firmware = self._asked_s = None
        self.last_told = NOWHERE
        self._end_card()
        self.powered(False)
        self._dead = False  # the former body may be; the store of this one is made in a workshop
        ring = self.faults.ring_slots
        self.flash = self.flash_form(flash_size(ring), self._step, self._lost)
        format_flash(self.flash, StorageId(self.world.bytes(8)), ring)
        self.judge.flash(self.name, self.flash)
        self.start()

    def _lost(self, deed: Any) -> None:
        self.judge.flash_lost(self.name, deed)

    def void(self, done: Done = lambda result: None) -> None:
        """As ever; the cut ends with it."""

        def ended(result: Any) -> None:
            self._cut = None
            done(result)

        super().void(ended)

    # --- the points ------------------------------------------------------------------------------------------------

    def pass_point(self, name: str) -> None:
        """PowerCut if the power goes here; a pulled card is noticed by the next command."""
        cut = self._cut
        if cut is None or not cut.here(name):
            return
        if cut.action is not Action.KILL and cut.action is not Action.KILL_KEPT:
            self._end_card()
        if cut.action is not Action.PULL:
            self._cut = None
            if isinstance(self.flash, CutFlash):
                self.flash.keeps_tail = cut.action is Action.KILL_KEPT
            raise PowerCut

    def _step(self) -> None:
        super()._step()
        self.pass_point("flash")

    def _answer(self, step: Any) -> Any:
        name = _name(step)
        self.pass_point(f"before {name}")
        answer = super()._answer(step)
        if isinstance(step, Show) and step.display.face in SUCCESS:
            self.success_shown += 1
        self.pass_point(f"after {name}")
        if isinstance(step, ToCard) and self._card is None and not isinstance(answer, Exception):
            return CardLost("the card was pulled before its answer arrived")
        return answer

    def card_changes(self, card: CardTruth, image: bytes) -> None:
        """The card is about to write: it may lose its power just before or just after."""
        self._torn("before the card's write")
        super().card_changes(card, image)
        if self._cut is not None:
            card.store(image)  # what would follow now, so that the next point lies behind it
            self._torn("after the card's write")

    def _torn(self, name: str) -> None:
        self.pass_point(name)
        if self._card is None:
            raise CardLost(f"torn {name}")


class _PsamMemory(RamMemory):
    """The PSAM's own write is a point, too."""

    def __init__(self, terminal: CutTerminal, image: bytes) -> None:
        super().__init__(image)
        self._terminal = terminal

    def store(self, image: bytes, /) -> None:
        self._terminal.pass_point("before the PSAM's write")
        super().store(image)
        self._terminal.pass_point("after the PSAM's write")


def _name(step: Any) -> str:
    if isinstance(step, ToCard):
        return f"card {step.apdu[:4].hex().upper()}"
    if isinstance(step, ToPsam):
        return f"PSAM {step.apdu[:4].hex().upper()}"
    return "shown log" if isinstance(step, Shown) else "display"
