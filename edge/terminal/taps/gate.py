"""A bus validator's tap 车载机: the card's own record and the fare rules say the amount, and it is one tap per person.

A till whose amount comes from the card. Refuses to charge a ride again that the same card turns out to have paid: what
is pending or untold of this card is settled first, and the card's record tells the rest.
"""

from dataclasses import replace
from functools import partial

from edge.terminal.settings.rides import RideSettings
from edge.terminal.taps.body import Body
from edge.terminal.taps.sale import PAID, Till, purchase_of, told_now
from edge.terminal.taps.steps import End, Result, Show, Tap
from shared.purse.outcomes import CardIdentity, PendingPurchase
from shared.transit.door import Door, can_stand
from shared.transit.fares import FareTable, Moment, Point, alight, board, tap
from shared.transit.flow import RideOrder, ride
from shared.transit.trip import Step, parse_trip

_RULES = {Door.IN: board, Door.OUT: alight, Door.BOTH: tap}


class Gate(Till):
    """Rides of one body."""

    def __init__(self, body: Body, settings: RideSettings) -> None:
        super().__init__(body)
        self._settings = settings
        self._rule = _RULES[settings.door]

    @property
    def point(self) -> Point:
        """Where it stands now."""
        return self._settings.point

    @property
    def _fares(self) -> FareTable:
        """Those of the parameters, where they know this line as its door has it; else those of the settings."""
        settings, told = self._settings, self._body.parameters.fares
        is_fit = told is not None and can_stand(settings.door, settings.point.line, told)
        return told if told is not None and is_fit else settings.fares

    def at_stop(self, stop: int, direction: int) -> None:
        """The bus has come to another stop, as the driver's unit says."""
        here = self._settings.point
        if (here.stop, here.direction) == (stop, direction):
            return
        point = replace(here, stop=stop, direction=direction)
        self._settings = replace(self._settings, point=point)

    def ride(self) -> Tap[Result]:
        """One tap. A pending or untold tap of this card that this one repeats is this one; nothing more is taken."""
        body = self._body
        identity = yield from self._identify(0, body.bar)
        if isinstance(identity, Result):
            return identity
        waiting = body.book.waiting_for(identity.card_id, PendingPurchase)
        body.other_card_came(identity.card_id)
        untold = body.untold.take(identity.card_id, 0, PAID)
        if untold is not None and self._is_this_ride(untold.trip, untold.time):
            return (yield from told_now(self._body, untold))
        if waiting is not None:
            pending = purchase_of(waiting)
            settled = yield from self._settle(waiting, identity)
            is_this = self._is_this_ride(pending.trip, pending.time_s)
            if settled is not None and (settled.end is End.UNKNOWN or is_this):
                return settled
        return (yield from self._pass(identity))

    def again(self) -> Tap[Result]:
        """No amount is keyed here: another tap, unless selling has stopped; then only what is pending is settled."""
        return self.ride() if self._body.bar is None else super().again()

    def _pass(self, identity: CardIdentity) -> Tap[Result]:
        body = self._body
        if body.bar is not None:
            yield Show(body.not_selling(body.bar))
            return Result(End.NOT_SELLING, 0)
        time, settings = body.time(), self._settings
        moment = Moment(time.seconds, time.is_set)
        rule = partial(self._rule, point=settings.point, now=moment, table=self._fares)
        return (yield from self._spend(ride(RideOrder(time.seconds, body.psam, rule), identity), 0))

    def _is_this_ride(self, raw: bytes, time_s: int) -> bool:
        """Does this tap repeat that one? The bus may have moved on meanwhile, to where a boarding would be an exit."""
        if not raw:
            return False
        trip, settings, now = parse_trip(raw), self._settings, self._body.time()
        here = settings.point
        if (trip.line, trip.direction) != (here.line, here.direction):
            return False
        if trip.stop != here.stop and settings.door is Door.BOTH and trip.step is Step.BOARD:
            return False
        return not now.is_set or abs(now.seconds - time_s) <= self._fares.stand_s
