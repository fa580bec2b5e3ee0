"""A ride in words: what the console and the report say of a record with a trip, in both languages. Pure."""

from cloud.ledger.read.rides import LineRides, read_trip
from shared.money import yuan
from shared.transit.trip import Step, Trip
from shared.words.voice import Text

STEPS = {Step.BOARD: Text("上车", "on"), Step.ALIGHT: Text("下车", "off"), Step.FLAT: Text("上车", "on")}
WAYS = (Text("上行", "outward"), Text("下行", "inward"))


def ride_words(raw: bytes) -> Text | None:
    """Step, line, stop, way and what is special about the fare; None for a record without a trip."""
    trip = read_trip(raw)
    if trip is None:
        return None
    step, way = STEPS[trip.step], WAYS[trip.direction & 1]
    notes = [note for applies, note in _notes(trip) if applies]
    where = Text(
        f"{step.zh} {trip.line}号线 {trip.stop}站 {way.zh}", f"{step.en}, line {trip.line}, stop {trip.stop}, {way.en}"
    )
    said = [where, *notes]
    return Text("，".join(part.zh for part in said), ", ".join(part.en for part in said))


def line_words(rides: LineRides) -> Text:
    """One line of the report."""
    on, off, flat, fen = rides.boarded, rides.alighted, rides.flat, yuan(rides.fen)
    return Text(
        f"乘车 {rides.line}号线：上车 {on}，下车 {off}，一票制 {flat}，¥{fen}",
        f"rides, line {rides.line}: on {on}, off {off}, flat fare {flat}, ¥{fen}",
    )


def _notes(trip: Trip) -> list[tuple[bool, Text]]:
    owed = yuan(trip.arrears_fen)
    return [
        (trip.arrears_fen > 0, Text(f"含上次未刷下车 ¥{owed}", f"¥{owed} of it for a forgotten exit")),
        (trip.has_no_boarding, Text("未刷上车", "not tapped on")),
        (trip.is_transfer, Text("换乘优惠", "transfer")),
    ]
