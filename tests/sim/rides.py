"""What a ride may do to a card, read off the card's own memory before and after: believes no fare rule and no record.

The one bus of the campus has one door and one line with distance fare. A boarding takes nothing, or what a forgotten
exit owes; an exit takes one fare and leaves nothing owed; nothing is ever taken from who is not aboard.
"""

from shared.purse.cos.images import decode_card_image
from shared.transit.ride_record import RideRecord, ride_of
from tests.sim.world import Violation

FARES = {
    "version": 1, "again_s": 2, "stand_s": 2,
    "lines": [{"line": 1, "name": "校车", "form": "stages", "fares_fen": [100, 100, 150, 200, 300]}],
}  # fmt: skip
STOPS, HIGHEST_FEN = 5, 300


def check_ride(label: str, before: bytes, after: bytes, amount_fen: int) -> str:
    """on or off; Violation when a validator takes from a card what no ride costs."""
    was, now = _ride(before), _ride(after)
    if was == now:
        raise Violation("ride", f"{label}: {amount_fen} fen taken, and the card knows of no ride")
    if now.is_aboard:
        owed = was.held_fen if was.is_aboard else 0
        right, step = amount_fen == owed and now.held_fen == HIGHEST_FEN, "on"
    else:
        right, step = was.is_aboard and 0 < amount_fen <= HIGHEST_FEN and not now.held_fen, "off"
    if not right:
        raise Violation("ride", f"{label}: {amount_fen} fen to get {step}, aboard before: {was.is_aboard}")
    return step


def _ride(image: bytes) -> RideRecord:
    found = ride_of(decode_card_image(image).capp)
    if found is None:
        raise Violation("card", "a card without a transit record")
    return found
