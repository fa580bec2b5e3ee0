"""Readings of boxes: taken, scaled, judged; an old, a hostile and a mad box harm nobody, and are counted by box."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.watch.metrics.heard import bulk
from cloud.watch.metrics.heard.broker import BrokerSays
from cloud.watch.metrics.heard.bulk import Bulk, Verdict
from cloud.watch.metrics.heard.pages import read_page
from cloud.watch.metrics.lines import line_of, page
from cloud.watch.metrics.points import Point
from cloud.watch.metrics.series import BROKER_TOPICS, OF_BOXES, OF_BUSES, OF_READINGS, SERIES
from shared.ids import BoxId
from shared.wire import codec
from shared.wire.box_state import READINGS_BYTES_MAX, READINGS_MAX, Reading, ReadingRow, Readings, encode_readings
from shared.wire.tags import Tag
from shared.wire.topics import UP_BULK, UP_MONEY, topic

CANTEEN = topic(7, BoxId("canteen-1"), UP_BULK)
NOW_MS = 1_784_000_000_000


def message(number: int = 1, *rows: ReadingRow, dropped: int = 0) -> bytes:
    return encode_readings(Readings(number, NOW_MS + number, dropped, rows))


def values(found: list[Point]) -> dict[tuple[str, str], float]:
    return {(name, point.tag): value for point in found for name, value in point.values}


def test_what_a_box_says_becomes_points_in_the_units_of_the_series() -> None:
    desk = Bulk()
    rows = [ReadingRow(kind, "can0" if kind >= Reading.BUS_LOAD_PERMILLE else "", 125) for kind in Reading]
    assert desk.hear(CANTEEN, message(1, *rows), 0.0) is Verdict.TAKEN
    found = values([*desk.points(NOW_MS)])
    assert found["box-cpu", "canteen-1"], found["bus-load", "canteen-1/can0"] == (12.5, 12.5)
    assert (found["ack-p99", "canteen-1"], found["bus-tec", "canteen-1/can0"]) == (0.125, 125)
    assert {name for name, _ in found} == {*OF_BOXES, *OF_BUSES}
    assert values([*desk.points(NOW_MS)]).keys() == {
        ("readings-refused", "canteen-1"), ("readings-lost", "canteen-1"),
    }, "said once, kept once"  # fmt: skip


def test_every_reading_is_one_series_and_the_other_way_round() -> None:
    assert sorted(OF_READINGS) == sorted(Reading)
    named = [name for name, _ in OF_READINGS.values()]
    ours = {"readings-dropped", "readings-lost", "readings-refused"}
    assert sorted(named) == sorted({*OF_BOXES, *OF_BUSES} - ours)


def test_what_was_dropped_is_told_and_what_was_lost_is_counted() -> None:
    desk = Bulk()
    for at_s, (number, dropped) in enumerate([(1, 0), (4, 2), (9, 2)]):
        assert desk.hear(CANTEEN, message(number, dropped=dropped), 5.0 * at_s) is Verdict.TAKEN
    found = values([*desk.points(NOW_MS)])
    assert (found["readings-dropped", "canteen-1"], found["readings-lost", "canteen-1"]) == (2, 4)


def test_a_box_that_began_anew_with_a_dead_clock_is_heard() -> None:
    desk = Bulk()
    desk.hear(CANTEEN, message(900), 0.0)
    for number in (1, 2):
        again = encode_readings(Readings(number, 5, 0, ()))
        assert desk.hear(CANTEEN, again, 5.0 * number) is Verdict.TAKEN
    assert values([*desk.points(NOW_MS)])["readings-lost", "canteen-1"] == 0


def row_of(*values: Any) -> bytes:
    return codec.pack([Tag.READINGS, 1, 1, 0, [list(values)]])


HOSTILE = [
    (b"", Verdict.MALFORMED),
    (b"\x01", Verdict.MALFORMED),
    (b"\x00\x80", Verdict.MALFORMED),
    (b"\x02\x80", Verdict.NEWER),
    (b"\xff" * 9000, Verdict.TOO_LONG),
    (codec.pack([Tag.STATE, 1]), Verdict.MALFORMED),
    (codec.pack([Tag.READINGS, 1, 1, 0, [[1, "", 1]] * (READINGS_MAX + 1)]), Verdict.MALFORMED),
    (codec.pack([Tag.READINGS, -1, 1, 0, []]), Verdict.MALFORMED),
    (codec.pack([Tag.READINGS, 1, 1, 0, [], 1]), Verdict.MALFORMED),
    (row_of(1, "", 1.5), Verdict.MALFORMED),
    (row_of(1, "", 1 << 62), Verdict.MALFORMED),
    (row_of(1, "a\n", 1), Verdict.MALFORMED),
    (row_of(1, "食堂", 1), Verdict.MALFORMED),
    (row_of(1, "x" * 33, 1), Verdict.MALFORMED),
    (row_of(33, "c6217001234567890123", 1), Verdict.MALFORMED),
    (row_of(256, "", 1), Verdict.MALFORMED),
]


@pytest.mark.parametrize(("payload", "verdict"), HOSTILE, ids=lambda one: str(one)[:30])
def test_what_is_not_right_gets_a_verdict_and_is_counted_by_box(payload: bytes, verdict: Verdict) -> None:
    desk = Bulk()
    assert desk.hear(CANTEEN, payload, 0.0) is verdict
    assert desk.counted(BoxId("canteen-1")) == {verdict: 1}
    assert desk.hear(CANTEEN, message(2), 5.0) is Verdict.TAKEN
    assert values([*desk.points(NOW_MS)])["readings-refused", "canteen-1"] == 1


def test_of_a_newer_box_is_taken_what_is_known() -> None:
    desk = Bulk()
    rows = ReadingRow(Reading.CPU_PERMILLE, "", 500), ReadingRow(200, "", 1), ReadingRow(201, "can0", 1)
    assert desk.hear(CANTEEN, message(1, *rows), 0.0) is Verdict.TAKEN
    found = values([*desk.points(NOW_MS)])
    assert found["box-cpu", "canteen-1"] == 50
    assert not any(tag == "canteen-1/can0" for _, tag in found)


@pytest.mark.parametrize(
    "row",
    [
        ReadingRow(Reading.CPU_PERMILLE, "", 1001), ReadingRow(Reading.CPU_PERMILLE, "", -1),
        ReadingRow(Reading.OUTBOX_ROWS, "", 1 << 60), ReadingRow(Reading.TEMPERATURE_MC, "", 10**9),
        ReadingRow(Reading.CPU_PERMILLE, "can0", 1), ReadingRow(Reading.BUS_TEC, "", 1),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_no_point(row: ReadingRow) -> None:
    desk = Bulk()
    assert desk.hear(CANTEEN, message(1, row), 0.0) is Verdict.TAKEN
    assert {name for name, _ in values([*desk.points(NOW_MS)])} <= {
        "readings-refused", "readings-lost", "readings-dropped",
    }  # fmt: skip


def test_other_topics_too_many_boxes_too_many_links_and_too_fast_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Bulk()
    assert desk.hear("oykt/v1/p07/canteen-1/other", message(), 0.0) is Verdict.FOREIGN
    assert desk.hear(topic(7, BoxId("canteen-1"), UP_MONEY), message(), 0.0) is Verdict.FOREIGN
    monkeypatch.setattr(bulk, "BOXES_MAX", 1)
    links = [ReadingRow(Reading.BUS_TEC, f"can{n}", 1) for n in range(bulk.LINKS_MAX + 3)]
    assert desk.hear(CANTEEN, message(1, *links), 0.0) is Verdict.TAKEN
    assert desk.hear(CANTEEN, message(2), 0.5) is Verdict.TOO_FAST
    assert desk.hear(CANTEEN, message(1, *links), 5.0) is Verdict.REPEATED
    assert desk.hear(topic(7, BoxId("bus-1"), UP_BULK), message(), 0.0) is Verdict.TOO_MANY
    assert desk.nobodys == {Verdict.FOREIGN: 2, Verdict.TOO_MANY: 1}
    assert len({tag for _, tag in values([*desk.points(NOW_MS)])}) == 1 + bulk.LINKS_MAX


def test_no_card_number_gets_into_any_point() -> None:
    """Whatever boxes and brokers say: every line and the page are searched."""
    desk, says, card = Bulk(), BrokerSays(), "6217001234567890123"
    for n, (payload, _) in enumerate(HOSTILE):
        desk.hear(CANTEEN, payload, 5.0 * n)
    desk.hear(f"oykt/v1/p07/{card}/up/bulk", message(1, ReadingRow(1, "", 1)), 0.0)
    desk.hear(CANTEEN, message(9, ReadingRow(Reading.OUTBOX_ROWS, "", int(card) % (1 << 61))), 500.0)
    says.hear("$SYS/broker/messages/received", card.encode())
    found = [*desk.points(NOW_MS), *says.points(NOW_MS, is_up=True)]
    said = [line_of(point).rpartition(" ")[0] for point in found] + [page(found)]
    assert not [text for text in said if re.search(r"\d{14}", text)]


def test_the_brokers_own_word_is_taken_where_it_is_a_number() -> None:
    says = BrokerSays()
    for n, where in enumerate(BROKER_TOPICS):
        assert says.hear(where, b"%d" % n)
    for payload in (b"", b"-1", b"1.5", b"12 seconds", b"9" * 30, "１".encode()):
        assert not says.hear("$SYS/broker/clients/connected", payload)
    assert not says.hear("$SYS/broker/version", b"2")
    found = values([*says.points(NOW_MS, is_up=True)])
    assert found["broker-heard", ""], found["broker-clients", ""] == (1, 0)
    assert {SERIES[name].measurement for name, _ in found} == {"ykt_broker"}
    says.lost()
    assert values([*says.points(NOW_MS, is_up=False)]) == {("broker-heard", ""): 0}
    assert READINGS_BYTES_MAX < 9000


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_whatever_comes_gets_a_verdict(payload: bytes, value: bytes) -> None:
    desk, says = Bulk(), BrokerSays()
    assert desk.hear(CANTEEN, payload, 0.0) in Verdict
    assert desk.hear(CANTEEN, b"\x01" + payload, 5.0) in Verdict
    assert desk.hear(payload.decode("latin-1"), payload, 5.0) is Verdict.FOREIGN
    says.hear("$SYS/broker/clients/connected", value)
    assert all(line_of(point) for point in (*desk.points(NOW_MS), *says.points(NOW_MS, is_up=True)))


@given(st.text(max_size=200))
def test_whatever_a_page_says_is_read_or_passed_over(said: str) -> None:
    assert all(line_of(point) for point in read_page(said + "\nykt_ingest_posted " + said, 5))
