"""What a ride is called on screens and in the report: in both languages."""

import pytest

from cloud.ledger.read.rides import LineRides
from cloud.words.rides import line_words, ride_words
from shared.transit.trip import Step, Trip
from shared.words.voice import Text

WORDS = {
    Trip(2, 1, 0, Step.BOARD): Text("上车 2号线 1站 上行", "on, line 2, stop 1, outward"),
    Trip(2, 3, 1, Step.ALIGHT, 2, 1): Text("下车 2号线 3站 下行", "off, line 2, stop 3, inward"),
    Trip(1, 0, 0, Step.FLAT, 2, 1, arrears_fen=300): Text(
        "上车 1号线 0站 上行，含上次未刷下车 ¥3.00", "on, line 1, stop 0, outward, ¥3.00 of it for a forgotten exit",
    ),
    Trip(2, 3, 0, Step.ALIGHT, has_no_boarding=True): Text(
        "下车 2号线 3站 上行，未刷上车", "off, line 2, stop 3, outward, not tapped on"
    ),
    Trip(2, 3, 0, Step.ALIGHT, 2, 1, is_transfer=True): Text(
        "下车 2号线 3站 上行，换乘优惠", "off, line 2, stop 3, outward, transfer"
    ),
}  # fmt: skip


@pytest.mark.parametrize("trip", WORDS)
def test_a_ride_in_words(trip: Trip) -> None:
    assert ride_words(trip.encode()) == WORDS[trip]


def test_what_is_no_ride_has_no_words() -> None:
    assert ride_words(b"") is None
    assert ride_words(bytes(12)) is None


def test_a_line_of_the_report() -> None:
    assert line_words(LineRides(2, 5, 4, 0, 1000)) == Text(
        "乘车 2号线：上车 5，下车 4，一票制 0，¥10.00", "rides, line 2: on 5, off 4, flat fare 0, ¥10.00"
    )
