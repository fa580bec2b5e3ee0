"""The terminal link's messages follow their descriptions: bytes, lengths, page."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.layout import Form, Layout, Rows, Way
from edge.link.messages import AUTH, AWAITED, HEARTBEAT, MESSAGES, REFUSE, STATUS, WELCOME, Auth, AuthEpoch, Type
from shared.errors import WireFault
from shared.ids import PsamId
from tests.edge.link import described

CASES = pytest.mark.parametrize("one", MESSAGES, ids=lambda one: one.name)


def test_bytes_are_those_that_were_frozen() -> None:
    assert described.vectors() == json.loads(described.VECTORS.read_text(encoding="utf-8"))


def test_page_says_what_the_descriptions_say() -> None:
    assert described.PAGE.read_text(encoding="utf-8") == described.page()


def test_every_type_is_described_or_has_bytes_of_its_own() -> None:
    assert {one.number for one in MESSAGES} == set(Type) - {Type.RECORD, Type.ACK, Type.SETTLED}


@CASES
def test_an_example_comes_back(one: Layout[Any]) -> None:
    assert one.decode(one.encode(one.example)) == one.example


@CASES
@given(cut=st.integers(1, 40), more=st.binary(min_size=1, max_size=3))
def test_no_other_length_is_understood(one: Layout[Any], cut: int, more: bytes) -> None:
    raw = one.encode(one.example)
    for other in (raw[: max(0, len(raw) - cut)], raw + more):
        try:
            understood = one.decode(other)
        except WireFault:
            continue
        assert one.rest or (one.rows and not one.rows.counted), "no other message may have another length"
        assert one.encode(understood) == other


@pytest.mark.parametrize("one", [AUTH, WELCOME, STATUS], ids=lambda one: one.name)
def test_more_rows_than_there_may_be_are_refused(one: Layout[Any]) -> None:
    full = one.encode(one.example._replace(epochs=one.example.epochs * 5) if one is STATUS else _with_five(one))
    with pytest.raises(WireFault):
        one.decode(full)


def _with_five(one: Layout[Any]) -> Any:
    values = {name: getattr(one.example, name) for name in one.example.__slots__}
    return type(one.example)(**values | {"epochs": (one.example.epochs * 5)[:5]})


def test_a_count_that_does_not_fit_is_refused() -> None:
    raw = bytearray(AUTH.encode(Auth((AuthEpoch(1, PsamId(b"psam-1"), 5, 9),))))
    for count in (0, 2, 255):
        raw[0] = count
        with pytest.raises(WireFault):
            AUTH.decode(bytes(raw))


def test_an_unknown_reason_is_refused() -> None:
    with pytest.raises(WireFault):
        REFUSE.decode(bytes((Type.REFUSE, 0x10, 200)))


def test_awaited_cards_are_ascending_and_bounded() -> None:
    card = b"\1" * 10
    assert AWAITED.decode(b"").cards == ()
    for bad in (card + card, b"\2" * 10 + card, b"".join(n.to_bytes(10, "big") for n in range(1, 130))):
        with pytest.raises(WireFault):
            AWAITED.decode(bad)


def test_a_heartbeat_is_one_frame() -> None:
    assert HEARTBEAT.size <= 8


def test_a_new_message_is_one_description() -> None:
    made = Layout(
        "LIGHT", 0x3F, Way.DOWN, Form.OPEN, dict, "lamp B, on ?",
        rows=Rows("blinks", "ms H", 2), example={},
    )  # fmt: skip
    assert made.decode(b"\x3f\x10\x05\x01\x02\x00\x64\x00\xc8") == {"lamp": 5, "on": True, "blinks": (100, 200)}
