"""A ride in words: what the console and the report say of a record with a trip, Chinese first. Pure."""

from cloud.ledger.read.rides import LineRides, read_trip
from shared.money import yuan
from shared.transit.trip import Step, Trip

STEPS = {Step.BOARD: ("上车", "on"), Step.ALIGHT: ("下车", "off"), Step.FLAT: ("上车", "on")}
WAYS = (("上行", "outward"), ("下行", "inward"))


def ride_words(raw: bytes) -> tuple[str, str] | None:
    """Step, line, stop, way and what is special about the fare; None for a record without a trip."""
    trip = read_trip(raw)
    if trip is None:
        return None
    (zh, en), (way_zh, way_en) = STEPS[trip.step], WAYS[trip.direction & 1]
    notes = [pair for applies, pair in _notes(trip) if applies]
    return (
        "，".join([f"{zh} {trip.line}号线 {trip.stop}站 {way_zh}", *(note for note, _ in notes)]),
        ", ".join([f"{en}, line {trip.line}, stop {trip.stop}, {way_en}", *(note for _, note in notes)]),
    )


def line_words(rides: LineRides) -> str:
    """One line of the report."""
    return (
        f"乘车 rides {rides.line}号线 line {rides.line}: 上车 on {rides.boarded} · 下车 off {rides.alighted} · "
        f"一票制 flat {rides.flat} · ¥{yuan(rides.fen)}"
    )


def _notes(trip: Trip) -> list[tuple[bool, tuple[str, str]]]:
    owed = yuan(trip.arrears_fen)
    return [
        (trip.arrears_fen > 0, (f"含上次未刷下车 ¥{owed}", f"¥{owed} of it for a forgotten exit")),
        (trip.has_no_boarding, ("未刷上车", "not tapped on")),
        (trip.is_transfer, ("换乘优惠", "transfer")),
    ]
