"""Messages between box and cloud follow their descriptions: bytes, types, page."""

import json
from typing import Any

import pytest

from shared.errors import WireFault
from shared.wire import codec, topics
from shared.wire.fleet_lane import FleetTag, decode_fleet_down, encode_fleet_down
from shared.wire.form import fields
from shared.wire.form.layout import Layout, Message
from shared.wire.lanes.release_lane import ReleaseTag
from shared.wire.messages import MESSAGES, decode_now_down, decode_now_up, encode_now
from shared.wire.tags import Tag
from tests.shared.wire import described

CASES = [(one, example) for one in MESSAGES for example in one.examples]
LANES = [one for one in MESSAGES if one.lane in (topics.UP_NOW, topics.DOWN_NOW, topics.DOWN_BULK)]
EACH = pytest.mark.parametrize(("one", "example"), CASES, ids=[one.layout.name for one, _ in CASES])


def test_bytes_are_those_that_were_frozen() -> None:
    assert described.vectors() == json.loads(described.VECTORS.read_text(encoding="utf-8"))


def test_page_says_what_the_descriptions_say() -> None:
    assert described.PAGE.read_text(encoding="utf-8") == described.page()


def test_every_tag_is_described_once() -> None:
    assert sorted(one.tag for one in MESSAGES) == sorted([*Tag, *FleetTag, *ReleaseTag])


@EACH
def test_an_example_comes_back(one: Message[Any], example: Any) -> None:
    assert one.decode(one.encode(example)) == example


@pytest.mark.parametrize("one", LANES, ids=lambda one: one.layout.name)
def test_a_message_is_understood_on_its_own_lane_alone(one: Message[Any]) -> None:
    raw = one.encode(one.examples[0])
    ways = {topics.UP_NOW: decode_now_up, topics.DOWN_NOW: decode_now_down, topics.DOWN_BULK: decode_fleet_down}
    encode = encode_fleet_down if one.lane == topics.DOWN_BULK else encode_now
    assert (encode(one.examples[0]), ways.pop(one.lane)(raw)) == (raw, one.examples[0])
    for other in ways.values():
        with pytest.raises(WireFault):
            other(raw)


@EACH
def test_no_field_may_be_missing_or_of_another_type_and_none_may_be_added(one: Message[Any], example: Any) -> None:
    row, layout = one.layout.row(example), one.layout
    later = len(layout.fields) + len(layout.later)
    forms = ({len(layout.fields)} if layout.later else set()) | ({later} if layout.rare else set())
    for at in range(len(row)):
        if at not in forms:  # a later form may be missing, as a whole
            _refused(one, row[:at])
        _refused(one, [*row[:at], 1.5, *row[at + 1 :]])
    if len(row) > len(layout.fields) or not layout.later:
        _refused(one, [*row, 1])


def _refused(one: Message[Any], row: list[Any]) -> None:
    with pytest.raises(WireFault):
        one.decode(codec.pack([one.tag, *row]))


def test_a_new_message_is_one_description() -> None:
    layout = Layout(
        "light", dict_of("lamp", "blinks", "colour"), fields.whole("lamp", 9), fields.text("blinks"),
        later=(fields.octets("colour", 3, 3),), absent=(b"",),
    )  # fmt: skip
    assert layout.value([5, "x"]) == {"lamp": 5, "blinks": "x", "colour": b""}
    assert layout.value([5, "x", b"red"]) == {"lamp": 5, "blinks": "x", "colour": b"red"}
    for row in ([10, "x"], [-1, "x"], [5, "x", b""], [5, "x", b"blue"], [5], [5, "x", b"red", 1]):
        with pytest.raises(WireFault):
            layout.value(row)


def dict_of(*names: str) -> Any:
    return lambda *values: dict(zip(names, values, strict=True))
