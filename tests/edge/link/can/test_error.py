"""Error frames in the kernel's form: frozen bytes, round trip, refusal of what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.can.error import BusTrouble, ControllerState, decode_trouble, encode_trouble
from edge.link.can.frame import ERROR, CanFrame, FrameError


@given(st.builds(
    BusTrouble, state=st.none() | st.sampled_from(ControllerState), bus_error=st.just(True),
    while_sending=st.booleans(), no_ack=st.booleans(), overflow=st.booleans(), restarted=st.booleans(),
    tec=st.integers(0, 255), rec=st.integers(0, 255),
))  # fmt: skip
def test_comes_back(trouble):
    assert decode_trouble(encode_trouble(trouble)) == trouble


@pytest.mark.parametrize(("word", "data", "trouble"), [
    (0x200 | 0x40, "00000000 0000f807", BusTrouble(state=ControllerState.BUS_OFF, tec=0xF8, rec=7)),
    (0x40, "00000000 0000f807", BusTrouble(state=ControllerState.BUS_OFF)),
    (0x04, "00010000 00000000", BusTrouble(overflow=True)),
    (0x04, "00200000 00000000", BusTrouble(state=ControllerState.PASSIVE)),
    (0x04, "00080000 00000000", BusTrouble(state=ControllerState.WARNING)),
    (0x104, "00400000 00000000", BusTrouble(state=ControllerState.ACTIVE, restarted=True)),
    (0x20, "00000000 00000000", BusTrouble(no_ack=True)),
    (0x88, "00008008 00000000", BusTrouble(bus_error=True, while_sending=True)),
])  # fmt: skip
def test_reads_what_linux_drivers_write(word, data, trouble):
    assert decode_trouble(CanFrame(ERROR | word, bytes.fromhex(data))) == trouble


@pytest.mark.parametrize("frame", [CanFrame(0x204, bytes(8)), CanFrame(ERROR | 0x204, bytes(7))])
def test_other_frames_are_refused(frame):
    with pytest.raises(FrameError):
        decode_trouble(frame)
