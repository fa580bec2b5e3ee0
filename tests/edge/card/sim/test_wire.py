import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card.sim.wire import BODY_MAX, Control, Frames, frame
from shared.errors import WireFault


def test_frozen_bytes():
    assert frame(bytes((Control.ATR,))) == bytes.fromhex("000104")
    assert frame(bytes.fromhex("805C000204")) == bytes.fromhex("0005805C000204")
    assert [Control.OFF, Control.ON, Control.RESET, Control.ATR] == [0, 1, 2, 4]


def test_a_body_that_its_length_cannot_name_is_refused():
    assert len(frame(bytes(BODY_MAX))) == BODY_MAX + 2
    with pytest.raises(WireFault):
        frame(bytes(BODY_MAX + 1))


@given(st.lists(st.binary(max_size=40)), st.data())
def test_bodies_come_whole_and_in_order_however_they_are_cut(bodies, data):
    raw, frames, found = b"".join(map(frame, bodies)), Frames(), []
    while raw:
        size = data.draw(st.integers(1, len(raw)))
        found += frames.take(raw[:size])
        raw = raw[size:]
    assert found == bodies
