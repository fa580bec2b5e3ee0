"""Drives a tap through a real card, a real PSAM, a shown log and a display: in a process, a test or the simulator.

Runs until the tap has ended or waits for the centre; the caller then lets the link work and goes on. A card or PSAM
without an answer, or a medium that refuses, is thrown into the tap; any other error is the caller's.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from edge.terminal.store.book import Row
from edge.terminal.taps.display import Display
from edge.terminal.taps.steps import AwaitAnswer, Show, Shown, Step, Tap
from shared.errors import RuleBroken, StoreFault
from shared.purse.apdu import CardChannel
from shared.purse.effects import ToCard, ToPsam
from shared.purse.errors import CardLost, PsamLost

Answer = TypeVar("Answer")


class Counter:
    """What stands around a firmware. `log` returns when the line is durable; `show` puts up a display."""

    def __init__(
        self, psam: CardChannel | None, log: Callable[[Row], None], show: Callable[[Display], None]
    ) -> None:  # fmt: skip
        self.psam = psam
        self.log = log
        self.show = show


class Tapping(Generic[Answer]):
    """One tap under way. card: what lies in the field, None = nothing does."""

    def __init__(self, tap: Tap[Answer], counter: Counter, card: CardChannel | None) -> None:
        self._tap = tap
        self._counter = counter
        self._card = card
        self.is_over = False
        self._answer: Answer | None = None

    def run(self) -> bool:
        """Begin or go on. True when the tap has ended, False when it waits for the centre."""
        return self._advance(lambda: self._tap.send(None))

    def card_lost(self) -> bool:
        """Go on with a tap that waits, but the card has been taken away."""
        self._card = None
        return self._advance(lambda: self._tap.throw(CardLost("taken away while the centre was asked")))

    def _advance(self, first: Callable[[], Step]) -> bool:
        try:
            step = first()
            while not isinstance(step, AwaitAnswer):
                try:
                    answer = self._do(step)
                except (CardLost, PsamLost, StoreFault) as loss:
                    step = self._tap.throw(loss)
                else:
                    step = self._tap.send(answer)
        except StopIteration as end:
            self._answer = end.value
            self.is_over = True
        return self.is_over

    @property
    def answer(self) -> Answer:
        """What the tap ended in; RuleBroken before its end."""
        if not self.is_over:
            raise RuleBroken("the tap has not ended")
        return self._answer  # type: ignore[return-value]  # set at the end; None is an Answer where the tap says so

    def _do(self, step: Step) -> bytes | None:
        match step:
            case ToCard(apdu):
                if self._card is None:
                    raise CardLost("no card in the field")
                return self._card.transmit(apdu)
            case ToPsam(apdu):
                return self._ask_psam(apdu)
            case Shown(row):
                self._counter.log(row)
            case Show(what):
                self._counter.show(what)
            case AwaitAnswer():
                raise RuleBroken("a wait is not driven")
        return None

    def _ask_psam(self, apdu: bytes) -> bytes:
        if self._counter.psam is None:
            raise PsamLost("there is no PSAM")
        try:
            return self._counter.psam.transmit(apdu)
        except CardLost as loss:
            raise PsamLost("the PSAM gave no answer") from loss


def run_through(tap: Tap[Answer], counter: Counter, card: CardChannel | None = None) -> Answer:
    """A tap that waits for nobody, to its end; RuleBroken if it does wait."""
    tapping = Tapping(tap, counter, card)
    if not tapping.run():
        raise RuleBroken("this tap waits for the centre")
    return tapping.answer
