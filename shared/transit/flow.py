"""A ride's tap 复合消费: read the card's transit record, ask the fare rules, debit what they say and write the record.

The amount may be 0 (a boarding with distance fare). Caps of meals do not touch rides. Refuses a card without CAPP, and
whatever the rules refuse; a torn tap ends as every purchase does, and the card's record then says what became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.ids import PsamId
from shared.purse.apdu import Sw
from shared.purse.caps import MealClock
from shared.purse.effects import Flow
from shared.purse.errors import CardLost, LayoutError
from shared.purse.flows.till import Spending, read_capp, spend
from shared.purse.outcomes import CardIdentity, Declined, PurchaseOrder, PurchaseOutcome
from shared.purse.profiles import PurchaseForm
from shared.purse.reasons import Reason
from shared.transit.fares import Fare
from shared.transit.ride_record import RIDE_TAG, RideRecord, parse_ride

_NO_MEAL = MealClock(0, 0, is_set=False)


@dataclass(frozen=True, slots=True)
class RideOrder:
    """fare: the rule for this tap (`fares.board` or `alight` with point, moment and table filled in)."""

    time_s: int
    psam_id: PsamId
    fare: Callable[[RideRecord], Fare | Reason]
    key_id: int = 1


def ride(order: RideOrder, identity: CardIdentity) -> Flow[PurchaseOutcome]:
    """One tap of the identified card."""
    if identity.profile.purchase is not PurchaseForm.CAPP:
        return Declined(Reason.CARD_REFUSED)
    try:
        raw = yield from read_capp(identity.profile.capp_file, RIDE_TAG)
    except CardLost:
        return Declined(Reason.CARD_GONE)
    if isinstance(raw, Declined):
        return Declined(Reason.NO_RIDES, raw.sw) if raw.sw == Sw.RECORD_NOT_FOUND else raw
    fare = _fare(order, raw)
    if isinstance(fare, Reason):
        return Declined(fare)
    purchase = PurchaseOrder(
        fare.amount_fen, order.time_s, order.psam_id, _NO_MEAL, None, order.key_id, fare.price_adjust_fen
    )
    record = fare.record.encode()
    return (yield from spend(Spending(purchase, lambda: record, fare.least_fen, fare.trip.encode()), identity))


def _fare(order: RideOrder, raw: bytes) -> Fare | Reason:
    try:
        card = parse_ride(raw)
    except LayoutError:
        return Reason.RIDE_UNCLEAR
    return order.fare(card)
