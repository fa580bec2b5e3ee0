"""A sale behind which a half-done load is tried again, cut at every point from its display on: the load is one, too.

The load was torn at the machine before its credit; the ledger names the card, its list has reached the counter.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from shared.records import CounterKind
from tests.sim.ingest_part import IngestPart
from tests.sim.world import Violation
from tests.torn.cut import Action, Cut, CutTerminal
from tests.torn.play import Aftermath, Play, Scenario

LOAD_FEN = 5000
NAMED_S = 25.0
"""Longer than the ledger leaves a granted load to its terminal (cloud.ledger.loads.awaited.PENDING_AFTER_S)."""
HEARD_S = 12.0


class LaterCut(Cut):
    """Counts points from the first display on: those before are a sale's as any."""

    begun = False

    def here(self, name: str) -> bool:
        """Passes a point: is it the one?"""
        if self.begun:
            return super().here(name)
        self.begun = name == "after display"
        return False


@dataclass(frozen=True, slots=True)
class BehindScenario(Scenario):
    """verb, fen: of the sale."""

    @property
    def aftermaths(self) -> tuple[Aftermath, ...]:
        """The holder comes again, or never."""
        return (Aftermath.HERE, Aftermath.NEVER)

    def play(self, cut: Cut, aftermath: Aftermath) -> Play:
        """One run of it."""
        return BehindPlay(self, cut, aftermath)


class _Listing(IngestPart):
    """Whom to await goes to terminals as a document."""

    def __init__(self, *parts: Any) -> None:  # as an ingest's
        super().__init__(*parts)
        self._has_documents = True


class BehindPlay(Play):
    """One sale with a load behind it."""

    def __init__(self, scenario: Scenario, cut: Cut, aftermath: Aftermath) -> None:
        super().__init__(scenario, cut, aftermath, ingest=_Listing)

    def _before(self) -> None:
        machine = self.campus.crowd.machines[0]
        if not isinstance(machine, CutTerminal):
            raise TypeError("this campus cannot be cut")
        machine.arm(Cut(action=Action.PULL, named="before the card's write"))
        counter, self.terminal = self.terminal, machine
        self._present("load", LOAD_FEN)
        self.terminal = counter
        self.world.run(self.world.now_s + NAMED_S)
        for edge in self.campus.edges:
            edge.hang_up()  # and hears at its next Hello whom to await
        self.world.run(self.world.now_s + HEARD_S)
        body = None if counter.firmware is None else counter.firmware.body
        if body is None or not body.awaited.asks(self.card.card, body.now.mono_s):
            raise Violation("liveness", "the card is not awaited")

    def _arm(self) -> None:
        self.terminal.arm(LaterCut(self.cut.at, self.cut.action, self.cut.named, self.cut.names))

    def _once_more(self) -> None:
        """Another counter, which awaits the card as well; then the machine: the card's counter decides the rest."""
        self.world.after(20.0, partial(self.campus.crowd.try_at, self.campus.crowd.machines[0], self.card, "load", 100))
        super()._once_more()

    def _check(self, told: int) -> None:
        super()._check(told)
        loads = [
            happened.amount_fen
            for deed, (_, happened) in self.campus.judge.deeds.items()
            if deed.kind is CounterKind.ONLINE and deed.card == self.card.card
        ]
        if loads.count(LOAD_FEN) > 1:
            raise Violation("twice", f"{LOAD_FEN} fen were loaded {loads.count(LOAD_FEN)} times")
        if not self.cut.at and loads.count(LOAD_FEN) != 1:
            raise Violation("once", f"the load was never tried again: {loads}")


SCENARIOS = (
    BehindScenario("sale-load-behind", "pos-1", "sell", 1250),
    BehindScenario("decline-load-behind", "pos-1", "sell", 9_000_000),
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
