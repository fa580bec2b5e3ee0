"""Rides worth cutting: where the bus is, what the card knows before, and what all taps together may take after.

On its front door alone, its back door alone, or one door for both; a line by distance, or a flat one. `paid`: what the
ride costs when the card comes again at the same stop; `moved`: at most, when it comes at the next one; `later`: at
most, when it comes three hours later to another ride.
"""

from dataclasses import dataclass, replace

from edge.terminal.settings.rides import RideSettings
from shared.input.section import Section
from shared.transit.door import Door
from shared.transit.fares import Point, parse_table
from tests.sim.world import Violation
from tests.torn.cut import Action, Cut, CutTerminal
from tests.torn.play import PATIENCE_S, WRITTEN, Aftermath, Play, Scenario

STAGES, FLAT = 1, 2
FARES = parse_table(Section({
    "version": 1, "again_s": 60, "stand_s": 600,
    "lines": [
        {"line": STAGES, "name": "校车", "form": "stages", "fares_fen": [100, 100, 150, 200, 300]},
        {"line": FLAT, "name": "环线", "form": "flat", "fares_fen": [200]},
    ],
}, "fares"))  # fmt: skip
FRONT = "bus-2"
LATER_S = 3 * 3600
BOARDED_S = 700
"""Since a boarding that went well: longer than a bus stands."""


@dataclass(frozen=True, slots=True)
class Ride:
    """boarded: the stop of a boarding that went well before, at the other validator's front door; 0 = none."""

    door: Door
    line: int
    stop: int
    paid: int
    moved: int
    later: int
    boarded: int = 0

    def settings(self) -> RideSettings:
        """Of the validator that is cut."""
        return RideSettings(self.door, Point(self.line, self.stop, 0), FARES)

    def front_door(self) -> RideSettings:
        """Of the validator where the card got on."""
        return RideSettings(Door.IN, Point(self.line, self.boarded, 0), FARES)


BOARDING = Ride(Door.BOTH, STAGES, 1, paid=0, moved=100, later=300)
EXIT = Ride(Door.BOTH, STAGES, 3, paid=150, moved=200, later=300, boarded=1)
BACK_DOOR = replace(EXIT, door=Door.OUT, later=600)
FRONT_DOOR = Ride(Door.IN, STAGES, 4, paid=300, moved=300, later=600, boarded=2)
"""A boarding that pays for a forgotten exit."""
FLAT_FARE = Ride(Door.IN, FLAT, 1, paid=200, moved=200, later=400)


@dataclass(frozen=True, slots=True)
class RideScenario(Scenario):
    """A tap of a bus."""

    ride: Ride = BOARDING

    @property
    def aftermaths(self) -> tuple[Aftermath, ...]:
        """No amount is keyed here, but the bus moves on."""
        return Aftermath.HERE, Aftermath.ELSEWHERE, Aftermath.NEVER, *MOVES_ON

    def play(self, cut: Cut, aftermath: Aftermath) -> Play:
        """One run of it."""
        return RidePlay(self, cut, aftermath)


MOVES_ON = (Aftermath.MOVED, Aftermath.LATER)


class RidePlay(Play):
    """The bus stands where the scenario says, and what a ride costs is counted over all its taps."""

    def __init__(self, scenario: RideScenario, cut: Cut, aftermath: Aftermath) -> None:
        super().__init__(scenario, cut, aftermath)
        self.ride = scenario.ride
        self.terminal.drive(self.ride.settings())
        self._front = next(one for one in self.campus.terminals if one.name == FRONT)
        if isinstance(self._front, CutTerminal):
            self._front.drive(self.ride.front_door())

    def _before(self) -> None:
        if self.ride.boarded:
            self._front.present(self.card, "sell", 0, self._end)
            self.world.run(self.world.now_s + PATIENCE_S)
            self.campus.clock.leap(BOARDED_S)

    def _go_on(self, told: int) -> None:
        if self.aftermath in MOVES_ON and not told:
            if self.aftermath is Aftermath.MOVED:
                self.terminal.stop += 1
            else:
                self.campus.clock.leap(LATER_S)
            self.campus.crowd.try_at(self.terminal, self.card, "again", 0)
        super()._go_on(told if self.aftermath not in MOVES_ON else 1)

    def _nobody_charged_twice(self, told: int) -> None:
        """A ride costs what it costs; who left without being told may have paid it or not."""
        ride, taken_fen = self.ride, self._taken_fen()
        if self.aftermath in MOVES_ON and not told:
            most = ride.moved if self.aftermath is Aftermath.MOVED else ride.later
            is_right = taken_fen <= most
        else:
            is_sure = told or self.aftermath is Aftermath.HERE
            is_right = taken_fen == ride.paid or (not is_sure and not taken_fen)
        if not is_right:
            raise Violation("twice", f"{taken_fen} fen for a ride of {ride.paid}, 成功 shown {told} times")

    def _taken_fen(self) -> int:
        """What the terminal has taken from the card."""
        deeds = self.campus.judge.deeds.values()
        return sum(happened.amount_fen for name, happened in deeds if name == self.terminal.name)


SCENARIOS = (
    RideScenario("ride-boarding", "bus-1", "sell", 0),
    RideScenario("ride-exit", "bus-1", "sell", 0, ride=EXIT),
    RideScenario("ride-exit-again", "bus-1", "sell", 0, ("sell", WRITTEN, Action.PULL), EXIT),
    RideScenario("ride-back-door", "bus-1", "sell", 0, ("sell", WRITTEN, Action.BOTH), BACK_DOOR),
    RideScenario("ride-forgotten-exit", "bus-1", "sell", 0, ride=FRONT_DOOR),
    RideScenario("ride-flat", "bus-1", "sell", 0, ride=FLAT_FARE),
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
