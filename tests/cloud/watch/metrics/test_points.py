"""What was read becomes points: a closed list of series, few tags, nothing that is not known, and never a card."""

import re

import pytest

from cloud.watch.alarms.signals import SIGNALS
from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source
from cloud.watch.metrics.lines import line_of, page
from cloud.watch.metrics.points import Point, points
from cloud.watch.metrics.series import OF_SIGNALS, OF_TERMINALS, SERIES

BOX = Source(Kind.BOX, "canteen-1")
NONE_OF: dict[Source, str] = {}


def lines(*signals: Signal, box_of: dict[Source, str] = NONE_OF, **figures: int) -> list[str]:
    return [line_of(point) for point in points(signals, box_of, figures, 1000)]


def test_readings_of_one_thing_are_one_point() -> None:
    read = Signal("box-unsettled", BOX, 1, 3), Signal("box-room", BOX, 1, 99.5)
    assert lines(*read) == ["ykt_box,box=canteen-1 unsettled=3i,room_percent=99.5 1000"]


def test_what_is_not_known_is_no_point() -> None:
    assert lines(Signal("box-unsettled", BOX, 1, None)) == []
    read = Signal("box-silent", BOX, 1, 20.0), Signal("box-unsettled", BOX, 1, None)
    assert lines(*read) == ["ykt_box,box=canteen-1 silent_s=20.0 1000"]


def test_terminals_are_counted_not_named() -> None:
    devices = [Source(Kind.TERMINAL, f"{n:016x}") for n in range(4)]
    silences = (1.0, 59.0, 61.0, None)
    read = [Signal("terminal-silent", one, 1, value) for one, value in zip(devices, silences, strict=True)]
    read += [Signal("terminal-owes", devices[0], 1, 5), Signal("terminal-owes", devices[1], 1, 2)]
    read += [Signal("terminal-gap", devices[0], 1, None), Signal("terminal-gap", devices[1], 1, 2)]
    found = lines(*read, box_of=dict.fromkeys(devices, "b1"))
    assert found == ["ykt_terminals,box=b1 online=2i,silent=1i,unknown=1i,owes=7i,gap=2i 1000"]


def test_no_card_no_person_no_stranger_becomes_a_point() -> None:
    read = [
        Signal("box-unsettled-by-card", Source(Kind.CARD, "0001"), 1, 3),
        Signal("x", Source(Kind.PERSON, "w"), 1, 3),
    ]
    assert lines(*read, nonsense=3) == []


def test_the_watch_tells_of_itself_and_the_campus_has_no_tag() -> None:
    assert lines(Signal("suspense", CAMPUS, 1, 4), turns=7) == [
        "ykt_ledger suspense=4i 1000",
        "ykt_watch turns=7i 1000",
    ]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a b", r"a\ b"), ("a,b=c", r"a\,b\=c"), ("食堂", "食堂"), ("a\nb 1", r"a_b\ 1"), ("a\\", "a"), ("\\", "_"),
    ],
)  # fmt: skip
def test_a_name_stays_within_its_tag(name: str, written: str) -> None:
    assert lines(Signal("box-plain", Source(Kind.BOX, name), 1, 0)) == [f"ykt_box,box={written} plain=0i 1000"]


def test_the_page_is_prometheus_own_form() -> None:
    found = page([Point("ykt_box", 'a"b', (("box-unsettled", 3), ("box-room", 99.5)), 1)])
    assert 'ykt_box_unsettled{box="a\\"b"} 3\n' in found
    assert 'ykt_box_room_percent{box="a\\"b"} 99.5\n' in found
    assert found.count("# TYPE ykt_box_unsettled gauge\n") == 1


def test_a_large_figure_keeps_its_digits_on_the_page() -> None:
    assert "ykt_box_silent_s 12345678.5\n" in page([Point("ykt_box", "", (("box-silent", 12345678.5),), 1)])


def test_a_series_has_its_words_and_a_name_of_its_own() -> None:
    assert len({one.metric for one in SERIES.values()}) == len(SERIES)
    for one in SERIES.values():
        assert one.words.zh.strip()
        assert one.words.en.strip()
        assert re.fullmatch("[a-z0-9_]+", one.metric)
        assert one.tag in ("", "box", "bus", "service", "certificate")
    assert len({(one.measurement, one.tag) for one in SERIES.values()}) == len(
        {one.measurement for one in SERIES.values()}
    )


def test_a_signal_is_a_series_or_counted_or_said_otherwise() -> None:
    counted = {"terminal-silent", "terminal-owes", "terminal-gap"}
    many = {"taps-declined", "list-age", "close-due", "docked-online", "docked-value"}
    """Terminals, persons and strangers' devices are no tags."""
    assert SIGNALS.keys() - OF_SIGNALS.keys() - counted - many == {
        "alarms-turned-away", "drill", "group-away", "metrics-away",
    }  # fmt: skip
    assert {one.field for one in OF_TERMINALS.values()} >= {"online", "silent", "unknown"}
