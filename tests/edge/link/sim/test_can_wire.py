"""Control packets between simulator and plug-in: round trip, refusal, never mistaken for a frame."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.can.ids import AcceptanceFilter
from edge.link.sim.can_bus import NodeSettings
from edge.link.sim.can_wire import (
    FILTERS_MAX,
    Breakage,
    CableCut,
    Join,
    JoinRefusedError,
    PacketError,
    Restart,
    decode_answer,
    decode_join,
    decode_order,
    encode_join,
    encode_order,
    encode_refusal,
    encode_welcome,
    is_frame,
)

u32 = st.integers(0, 2**32 - 1)
joins = st.builds(Join, u32, st.builds(
    NodeSettings, st.lists(st.builds(AcceptanceFilter, u32, u32), max_size=5).map(tuple),
    st.booleans(), st.booleans(), st.floats(0, 1),
))  # fmt: skip


@given(joins)
def test_join_comes_back(join):
    packet = encode_join(join)
    assert decode_join(packet) == join
    assert not is_frame(packet)


@given(st.one_of(
    st.builds(Breakage, st.integers(0, 255), st.floats(0, 1), st.floats(0, 1), st.booleans()),
    st.builds(CableCut, st.none() | st.integers(0, 255)),
    st.just(Restart()),
))  # fmt: skip
def test_what_breaks_comes_back(order):
    packet = encode_order(order)
    assert decode_order(packet) == order
    assert not is_frame(packet)


@pytest.mark.parametrize("fault", [Breakage(1, 1.5), Breakage(1, 0.0, -0.1), Breakage(1, float("nan"))])
def test_a_fault_is_a_part_of_one(fault):
    with pytest.raises(PacketError):
        decode_order(encode_order(fault))


@given(st.binary(max_size=60))
def test_any_packet_is_a_join_or_an_error(packet):
    for start in (b"", encode_join(Join(125_000, NodeSettings()))[:6]):
        with contextlib.suppress(PacketError):
            decode_join(start + packet)


def test_answers():
    assert decode_answer(encode_welcome(513)) == 513
    with pytest.raises(JoinRefusedError, match="the bus has its 2 nodes"):
        decode_answer(encode_refusal("the bus has its 2 nodes"))
    for packet in (b"", encode_welcome(1)[:-1], encode_welcome(1) + b"x", b"SIMC\x02\x02\0\1"):
        with pytest.raises(PacketError):
            decode_answer(packet)


def test_too_many_filters():
    with pytest.raises(PacketError):
        encode_join(Join(1, NodeSettings((AcceptanceFilter(0, 0),) * (FILTERS_MAX + 1))))
