"""Frozen bytes of a trip and of the card's transit record; anything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WireFault
from shared.purse.errors import LayoutError
from shared.records import TRIP_SIZE as RECORDS_TRIP_SIZE
from shared.transit.ride_record import RIDE_SIZE, RIDE_TAG, RideRecord, parse_ride, ride_of
from shared.transit.trip import TRIP_SIZE, Step, Trip, parse_trip

U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFF_FFFF)
TRIPS = st.builds(
    Trip, U16, U16, st.integers(0, 255), st.sampled_from(Step), U16, U16, U16, st.booleans(), st.booleans()
)
RIDES = st.builds(
    RideRecord,
    st.booleans(),
    st.integers(0, 255),
    U16,
    U16,
    U32,
    U32,
    U16,
    U32,
    U32,
    st.integers(0, 255),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("trip", "raw"),
    [
        (Trip(12, 7, 1, Step.BOARD), "000c00070101000000000000"),
        (Trip(12, 7, 1, Step.ALIGHT, 12, 3, is_transfer=True), "000c00070122000c00030000"),
        (Trip(12, 7, 0, Step.FLAT, 11, 3, arrears_fen=500), "000c00070013000b000301f4"),
        (Trip(12, 7, 0, Step.ALIGHT, has_no_boarding=True), "000c00070042000000000000"),
    ],
)
def test_a_trip_is_frozen(trip, raw):
    assert trip.encode().hex() == raw
    assert parse_trip(bytes.fromhex(raw)) == trip
    assert TRIP_SIZE == RECORDS_TRIP_SIZE == 12


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "00" * 12,
        "000c00070104" + "00" * 6,
        "000c00070181" + "00" * 6,
        "000c00070111" + "00" * 6,
        "000c00070101000000000001",
    ],
)
def test_an_unknown_trip_is_refused(raw):
    with pytest.raises(WireFault):
        parse_trip(bytes.fromhex(raw))


@given(TRIPS)
def test_trips_come_back(trip):
    assert parse_trip(trip.encode()) == trip


def test_the_transit_record_is_frozen():
    ride = RideRecord(True, 1, 12, 7, 0x2F0A1B2C, 500, 11, 0x2F0A1000, 200, 1)
    raw = "222e00010101000c00072f0a1b2c000001f4000b2f0a1000000000c801" + "00" * 19
    assert ride.encode().hex() == raw
    assert len(ride.encode()) == RIDE_SIZE
    assert parse_ride(bytes.fromhex(raw)) == ride
    assert parse_ride(RideRecord().encode()) == RideRecord()


@given(RIDES)
def test_transit_records_come_back(ride):
    assert parse_ride(ride.encode()) == ride


@pytest.mark.parametrize(
    "raw", ["", "212e0001" + "00" * 44, "222e0002" + "00" * 44, "222d0001" + "00" * 44, "222e000102" + "00" * 43]
)
def test_an_unknown_transit_record_is_refused(raw):
    with pytest.raises(LayoutError):
        parse_ride(bytes.fromhex(raw))


RIDE = RideRecord(True, 1, 12, 7, 9, 300, 11, 8, 200, 1, False)
OTHER = RIDE_TAG + 1


@pytest.mark.parametrize(
    "before", [b"", bytes((OTHER, 0)), bytes((OTHER, 3, 1, 2, 3)), bytes((OTHER, 2, RIDE_TAG, 30))]
)
@pytest.mark.parametrize("behind", [b"", b"\0", bytes((OTHER, 1, 5))])
def test_the_ride_is_found_among_the_records_of_its_file(before, behind):
    assert ride_of(before + RIDE.encode() + behind) == RIDE
    assert ride_of(before + behind) is None


@pytest.mark.parametrize("cut", [b"", bytes((RIDE_TAG,)), bytes((OTHER, 200, 1))])
def test_a_file_without_a_ride_has_none(cut):
    assert ride_of(cut) is None


def test_a_ride_without_its_bytes_is_no_ride():
    """The last two bytes of a file may be the head of a record."""
    for raw in (bytes((RIDE_TAG, 0)), RIDE.encode()[:-1], bytes((OTHER, 1, 0)) + RIDE.encode()[:-1]):
        with pytest.raises(LayoutError):
            ride_of(raw)
