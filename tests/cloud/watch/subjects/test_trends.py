"""Hours left at this rate: known only after a while, far where nothing falls, and unknown where nothing is read."""

import pytest

from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.alarms.watching import Watching
from cloud.watch.subjects import trends
from cloud.watch.subjects.trends import FALLING, FAR_H, Trends

BOX, DISK = Source(Kind.BOX, "canteen-1"), Source(Kind.SERVICE, "disk")
MINUTE, HOUR = 60_000, 3_600_000
OUTBOX = FALLING[0]


def room(at_ms: int, value: float | None, source: Source = BOX) -> Signal:
    return Signal("box-room", source, at_ms, value)


def forecasts(*readings: Signal) -> list[float | None]:
    watching = Trends()
    return [one.value for reading in readings for one in watching.of([reading])]


def test_an_outbox_that_falls_by_five_percent_an_hour_has_so_many_hours_left() -> None:
    found = forecasts(*(room(n * 10 * MINUTE, 80 - 5 * n / 6) for n in range(13)))
    assert found[:2] == [None, None], "too short to say"
    assert found[-1] == pytest.approx(70 / 5)


def test_what_stands_or_rises_is_far_away() -> None:
    assert forecasts(*(room(n * 10 * MINUTE, 80) for n in range(7)))[-1] == FAR_H
    assert forecasts(*(room(n * 10 * MINUTE, 40 + n) for n in range(7)))[-1] == FAR_H


def test_it_follows_what_has_changed_lately() -> None:
    falls = [room(n * 10 * MINUTE, 80 - n) for n in range(30)]
    rests = [room(at.at_ms + 300 * MINUTE, 51) for at in falls]
    assert forecasts(*falls)[-1] == pytest.approx(51 / 6)
    assert forecasts(*falls, *rests)[-1] == FAR_H


def test_one_forecast_a_step_and_none_for_other_signals() -> None:
    found = forecasts(*(room(n * 1000, 80) for n in range(OUTBOX.step_ms // 1000)))
    assert found == [None]
    assert forecasts(Signal("memory-free", DISK, 0, 5)) == []


def test_what_is_not_read_is_not_known_and_is_no_zero() -> None:
    assert forecasts(*(room(n * 10 * MINUTE, 80 - n) for n in range(7)), room(HOUR * 2, None))[-1] is None


def test_a_clock_that_is_set_back_begins_anew() -> None:
    found = forecasts(*(room(HOUR * 9 + n * 10 * MINUTE, 80 - n) for n in range(7)), room(HOUR, 60), room(HOUR * 2, 60))
    assert found[-2:] == [None, FAR_H]


def test_beyond_its_bound_a_further_source_has_no_trend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "SOURCES_MAX", 1)
    watching = Trends()
    assert len(list(watching.of([room(0, 80)]))) == 1
    assert list(watching.of([room(0, 80, Source(Kind.BOX, "b2"))])) == []


def raised(*readings: Signal) -> set[str]:
    forecast, watching = Trends(), Watching(RULES)
    return {change.key.rule for one in readings for change in watching.read([one, *forecast.of([one])], is_meal=False)}


def test_a_box_that_cannot_reach_the_platform_warns_a_day_before_it_is_full_and_nothing_else() -> None:
    assert raised(*(room(n * 10 * MINUTE, 90 - n) for n in range(12))) == {"outbox-forecast"}
    assert raised(*(room(n * 10 * MINUTE, 90 - n / 100) for n in range(12))) == set()


def test_a_disk_warns_three_days_before_it_is_full() -> None:
    falls = [Signal("disk-free", DISK, n * 15 * MINUTE, 60 - n / 4) for n in range(40)]
    assert raised(*falls) == {"disk-forecast"}
