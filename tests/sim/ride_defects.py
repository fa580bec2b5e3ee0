"""Planted defects of a validator: see defects.py."""

from collections.abc import Callable
from dataclasses import replace

from shared.purse.reasons import Reason
from shared.transit.fares import Fare
from shared.transit.trip import Step
from tests.sim.rides import HIGHEST_FEN
from tests.sim.terminal_part import TerminalPart


class LeavesAboard(TerminalPart):
    """The exit takes its fare and does not clear the boarding: the next one takes the held fare for the same ride."""

    def _boot(self, *, clock_set: bool) -> None:
        super()._boot(clock_set=clock_set)
        gate = self.firmware._gate if self.firmware is not None else None
        if gate is not None:
            gate._rule = _kept_aboard(gate._rule)


def _kept_aboard(rule: Callable[..., Fare | Reason]) -> Callable[..., Fare | Reason]:
    def judged(*card: object, **place: object) -> Fare | Reason:
        fare = rule(*card, **place)
        if isinstance(fare, Reason) or fare.trip.step is not Step.ALIGHT:
            return fare
        return replace(fare, record=fare.record._replace(is_aboard=True, held_fen=HIGHEST_FEN))

    return judged
