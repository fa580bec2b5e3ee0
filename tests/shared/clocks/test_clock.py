"""Campus seconds, their one BCD derivation, and business days."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clocks import clock

SECONDS = st.integers(0, clock.MAX_SECONDS)


@pytest.mark.parametrize(
    ("seconds", "stamp"),
    [
        (0, "20000101000000"),
        (59, "20000101000059"),
        (817_339_530, "20251124224530"),
        (5_097_600 - 86_400, "20000228000000"),
        (5_097_600, "20000229000000"),
        (clock.MAX_SECONDS, "21360207062815"),
    ],
)
def test_frozen_stamps(seconds, stamp):
    assert clock.date_time_bcd(seconds).hex() == stamp
    assert clock.seconds_of_bcd(bytes.fromhex(stamp)) == seconds


@given(SECONDS)
def test_the_calendar_agrees(seconds):
    moment = datetime(2000, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001 - campus local by definition
    assert clock.date_time_bcd(seconds).hex() == moment.strftime("%Y%m%d%H%M%S")
    assert clock.date_bcd(seconds) + clock.time_bcd(seconds) == clock.date_time_bcd(seconds)
    assert clock.seconds_of_bcd(clock.date_time_bcd(seconds)) == seconds
    assert clock.day_of_date_bcd(clock.date_bcd(seconds)) == clock.day_number(seconds)


@pytest.mark.parametrize(
    "stamp",
    [
        "2025112422453A", "20251324000000", "20250229000000", "20251124240000", "20251124006000",
        "20251124000060", "19991231235959", "21360207062816", "202511242245", "A0251124224530",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(stamp):
    with pytest.raises(clock.ClockError):
        clock.seconds_of_bcd(bytes.fromhex(stamp))


@pytest.mark.parametrize("seconds", [-1, clock.MAX_SECONDS + 1])
def test_seconds_outside_the_epoch_are_refused(seconds):
    with pytest.raises(clock.ClockError):
        clock.date_time_bcd(seconds)


def test_the_business_day_begins_when_the_school_says():
    midnight = 100 * clock.DAY_S
    assert clock.business_day(midnight) == 100
    assert clock.business_day(midnight - 1) == 99
    assert clock.business_day(midnight + 3 * 3600, day_start_s=4 * 3600) == 99
    assert clock.business_day(midnight + 4 * 3600, day_start_s=4 * 3600) == 100
    assert clock.business_day(10, day_start_s=4 * 3600) == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-26T11:30", "2026-11-26 11:30:00"),
        ("2026-11-26 11:30:09", "2026-11-26 11:30:09"),
        ("2000-01-01", "2000-01-01 00:00:00"),
        ("2136-02-07T06:28:15", "2136-02-07 06:28:15"),
    ],
)
def test_times_as_people_write_them(text, shown):
    assert clock.time_text(clock.parse_time(text)) == shown


@pytest.mark.parametrize("text", ["", "11:30", "1999-12-31T23:59", "2136-02-07T06:28:16", "2026-11-26T11:30Z", "today"])
def test_what_is_no_campus_time(text):
    with pytest.raises(clock.ClockError):
        clock.parse_time(text)
