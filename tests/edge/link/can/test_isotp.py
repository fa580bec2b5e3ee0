"""ISO-TP: frozen frames, can-isotp as the oracle in both directions, bounds, faults, fair turns."""

import random

import isotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.can.isotp import (
    CONTINUE_FRAME,
    OVERFLOW_FRAME,
    WAIT_FRAME,
    Fault,
    Heard,
    Reassembler,
    ReassemblyLimits,
    Transfer,
    TransferLimits,
    gap_s,
    is_flow_control,
)

PEER = 0x18DAF001


def frames_of(message: bytes) -> list[bytes]:
    """All frames of a message whose receiver says 'continue' whenever asked."""
    transfer, frames = Transfer(message, TransferLimits()), []
    while not transfer.done:
        if transfer.is_awaiting():
            assert transfer.hear_flow_control(CONTINUE_FRAME, 0.0) is None
        frames.append(transfer.next_frame(0.0))
    return frames


def heard_from(frames, reassembler=None, source=PEER) -> list[Heard]:
    reassembler = reassembler or Reassembler(ReassemblyLimits())
    return [reassembler.hear(source, frame, 0.0) for frame in frames]


def test_frozen_frames():
    assert frames_of(b"\x11abcdef") == [b"\x07\x11abcdef"]
    assert frames_of(bytes(range(20))) == [
        bytes.fromhex("1014000102030405"),
        bytes.fromhex("21060708090a0b0c"),
        bytes.fromhex("220d0e0f10111213"),
    ]
    assert (CONTINUE_FRAME, WAIT_FRAME, OVERFLOW_FRAME) == (b"\x30\0\0", b"\x31\0\0", b"\x32\0\0")


def test_a_record_is_ten_frames():
    assert len(frames_of(bytes(69))) == 10


@given(st.binary(min_size=1, max_size=4095))
def test_messages_come_back(message):
    heard = heard_from(frames_of(message))
    assert [one.message for one in heard if one.message is not None] == [message]
    assert not any(one.fault for one in heard)


@pytest.mark.parametrize("length", [0, 4096])
def test_no_transfer_of_other_sizes(length):
    with pytest.raises(ValueError, match="4095 bytes"):
        Transfer(bytes(length), TransferLimits())


class Oracle:
    """can-isotp's logic, without threads, fed frame by frame."""

    def __init__(self, **params):
        self.sent: list[bytes] = []
        self.inbox: list[isotp.CanMessage] = []
        address = isotp.Address(
            isotp.AddressingMode.NormalFixed_29bits, source_address=0xF0, target_address=0x01
        )
        self.layer = isotp.TransportLayerLogic(
            rxfn=lambda _timeout: self.inbox.pop(0) if self.inbox else None,
            txfn=lambda message: self.sent.append(bytes(message.data)),
            address=address,
            params={"stmin": 0, "blocksize": 0, **params},
        )

    def hear(self, data: bytes):
        self.inbox.append(isotp.CanMessage(arbitration_id=PEER, data=data, extended_id=True))
        self.layer.process()

    def taken(self) -> list[bytes]:
        frames, self.sent = self.sent, []
        return frames


LENGTHS = [1, 6, 7, 8, 13, 14, 62, 69, 100, 255, 256, 4095]


@pytest.mark.parametrize("block", [0, 1, 3, 15])
@pytest.mark.parametrize("length", LENGTHS)
def test_the_oracle_reads_us(length, block):
    message = random.Random(length).randbytes(length)
    oracle, transfer = Oracle(blocksize=block), Transfer(message, TransferLimits())
    while not transfer.done:
        frame = transfer.next_frame(0.0)
        if frame is not None:
            oracle.hear(frame)
        for reply in oracle.taken():
            assert transfer.hear_flow_control(reply, 0.0) is None
    assert bytes(oracle.layer.recv()) == message


@pytest.mark.parametrize("length", LENGTHS)
def test_we_read_the_oracle(length):
    message = random.Random(length).randbytes(length)
    oracle, ours, got, theirs = Oracle(), Reassembler(ReassemblyLimits()), [], []
    oracle.layer.send(message)
    oracle.layer.process()
    for _ in range(1000):
        for frame in oracle.taken():
            heard = ours.hear(PEER, frame, 0.0)
            theirs.append(frame)
            assert heard.fault is None
            got += [heard.message] if heard.message else []
        if got:
            break
        while (reply := ours.next_reply()) is not None:
            oracle.hear(reply[1])
        oracle.layer.process()
    assert got == [message]
    assert theirs == frames_of(message)


@given(st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=8)), max_size=60))
def test_no_frame_makes_it_raise_or_grow(frames):
    limits = ReassemblyLimits(receptions_max=2)
    ours = Reassembler(limits)
    for source, data in frames:
        heard = ours.hear(source, data, 0.0)
        assert heard.message is None or 1 <= len(heard.message) <= 4095
    replies = []
    while (reply := ours.next_reply()) is not None:
        replies.append(reply)
    assert len(replies) <= 2 * limits.receptions_max
    ours.expire(1e9)
    ours.expire(2e9)
    assert not ours.busy


@given(st.lists(st.binary(max_size=8), max_size=30))
def test_no_flow_control_makes_a_transfer_raise(frames):
    transfer = Transfer(bytes(100), TransferLimits())
    for data in frames:
        transfer.next_frame(0.0)
        if is_flow_control(data):
            transfer.hear_flow_control(data, 0.0)


@pytest.mark.parametrize(("data", "why"), [
    (b"", "empty"), (b"\x00", "single of 0"), (b"\x00abc", "single of 0 with data"),
    (b"\x05abc", "single longer than its frame"), (b"\x08abcdefg", "single of 8"), (b"\x0fabcdefg", "single of 15"),
    (b"\x10\x07abcdef", "first of a length that fits a single"), (b"\x10\x14abcde", "short first"),
    (b"\x40abc", "unknown kind"), (b"\xf0abc", "unknown kind"), (b"\x10", "one byte of a first"),
])  # fmt: skip
def test_malformed_frames(data, why):
    assert heard_from([data]) == [Heard(fault=Fault.MALFORMED)], why


def test_a_message_above_the_bound_is_answered_overflow():
    ours = Reassembler(ReassemblyLimits(message_max_bytes=100))
    assert ours.hear(PEER, bytes.fromhex("1065000000000000"), 0.0).fault is Fault.TOO_LONG
    assert ours.hear(PEER, bytes.fromhex("1000000010000000"), 0.0).fault is Fault.TOO_LONG
    assert [ours.next_reply(), ours.next_reply()] == [(PEER, OVERFLOW_FRAME)] * 2
    assert not ours.busy


def test_a_sender_too_many_is_answered_overflow():
    ours = Reassembler(ReassemblyLimits(receptions_max=2))
    first = frames_of(bytes(20))[0]
    assert [ours.hear(source, first, 0.0).fault for source in (1, 2, 3)] == [None, None, Fault.TOO_MANY]
    assert [ours.next_reply(), ours.next_reply()] == [(1, CONTINUE_FRAME), (3, OVERFLOW_FRAME)]


def test_a_lost_frame_ends_the_message():
    first, second, third, *rest = frames_of(bytes(40))
    heard = heard_from([first, second, rest[0], rest[1]])
    assert [one.fault for one in heard] == [None, None, Fault.WRONG_SEQUENCE, Fault.UNEXPECTED]
    assert third not in rest


def test_a_consecutive_frame_from_nowhere():
    assert heard_from([b"\x21abcdefg"])[0].fault is Fault.UNEXPECTED


def test_a_short_consecutive_frame_ends_the_message():
    heard = heard_from([frames_of(bytes(40))[0], b"\x21abc"])
    assert heard[1].fault is Fault.MALFORMED


def test_a_last_frame_with_padding_is_read():
    first, last = frames_of(b"12345678")
    assert heard_from([first, last + b"\xcc" * 5])[1].message == b"12345678"


def test_a_new_first_frame_replaces_an_unfinished_message():
    frames = frames_of(b"new" * 10)
    heard = heard_from([frames_of(b"old" * 10)[0], *frames])
    assert heard[1].fault is Fault.REPLACED
    assert heard[-1].message == b"new" * 10


def test_a_single_frame_replaces_an_unfinished_message():
    assert heard_from([frames_of(bytes(20))[0], b"\x01a"])[1] == Heard(b"a", Fault.REPLACED)


def test_silence_ends_a_reception():
    ours = Reassembler(ReassemblyLimits(frame_timeout_s=1.0))
    first, second, *_ = frames_of(bytes(40))
    ours.hear(PEER, first, 0.0)
    ours.hear(PEER, second, 0.9)
    assert ours.expire(1.8) == 0
    assert ours.expire(1.9) == 1
    assert not ours.busy


def test_senders_take_turns_in_the_order_they_asked():
    ours = Reassembler(ReassemblyLimits(grants_max=1))
    first, *rest = frames_of(bytes(20))
    for source in (3, 1, 2):
        ours.hear(source, first, 0.0)
    granted = []
    while (reply := ours.next_reply()) is not None:
        granted.append(reply[0])
        heard_from(rest, ours, source=reply[0])
    assert granted == [3, 1, 2]


def test_a_hurried_sender_does_not_wait():
    ours = Reassembler(ReassemblyLimits(grants_max=1))
    first = frames_of(bytes(20))[0]
    for source, at_once in ((3, False), (2, False), (1, True)):
        ours.hear(source, first, 0.0, at_once)
    assert [ours.next_reply(), ours.next_reply(), ours.next_reply()] == [
        (3, CONTINUE_FRAME), (1, CONTINUE_FRAME), None]  # fmt: skip


def test_a_stalled_sender_does_not_hold_up_the_others():
    ours = Reassembler(ReassemblyLimits(grants_max=1, stall_s=0.05))
    first = frames_of(bytes(20))[0]
    ours.hear(1, first, 0.0)
    ours.hear(2, first, 0.01)
    ours.expire(0.04)
    assert [ours.next_reply(), ours.next_reply()] == [(1, CONTINUE_FRAME), None]
    ours.expire(0.06)
    assert ours.next_reply() == (2, CONTINUE_FRAME)


def test_a_waiting_sender_is_told_so_before_it_gives_up():
    ours = Reassembler(ReassemblyLimits(grants_max=1, wait_refresh_s=0.8, stall_s=10))
    first = frames_of(bytes(20))[0]
    ours.hear(1, first, 0.0)
    ours.hear(2, first, 0.0)
    ours.next_reply()
    ours.expire(0.8)
    assert ours.next_reply() == (2, WAIT_FRAME)
    ours.expire(0.9)
    assert ours.next_reply() is None


def test_a_transfer_gives_up_without_flow_control():
    transfer = Transfer(bytes(20), TransferLimits(flow_control_timeout_s=2.0))
    transfer.next_frame(10.0)
    assert transfer.next_frame(11.0) is None
    assert not transfer.overdue(11.9)
    assert transfer.overdue(12.0)
    assert transfer.hear_flow_control(WAIT_FRAME, 11.9) is None
    assert not transfer.overdue(13.8)


def test_a_receiver_may_not_say_wait_for_ever():
    transfer = Transfer(bytes(20), TransferLimits(waits_max=3))
    transfer.next_frame(0.0)
    faults = [transfer.hear_flow_control(WAIT_FRAME, 0.0) for _ in range(4)]
    assert faults == [None, None, None, Fault.REFUSED_BY_PEER]


@pytest.mark.parametrize(("data", "fault"), [
    (OVERFLOW_FRAME, Fault.REFUSED_BY_PEER), (b"\x3f\0\0", Fault.REFUSED_BY_PEER), (b"\x30", Fault.MALFORMED)])
def test_a_receiver_may_refuse(data, fault):
    transfer = Transfer(bytes(20), TransferLimits())
    transfer.next_frame(0.0)
    assert transfer.hear_flow_control(data, 0.0) is fault


def test_the_peers_pace_is_kept():
    transfer = Transfer(bytes(40), TransferLimits())
    transfer.next_frame(0.0)
    transfer.hear_flow_control(b"\x30\x00\x0a", 0.0)
    assert transfer.next_frame(0.0) is not None
    assert transfer.next_frame(0.009) is None
    assert transfer.next_frame(0.0101) is not None


def test_gap_codes():
    codes = (0, 10, 0x7F, 0xF1, 0xF9, 0x80, 0xFA, 0xFF)
    assert [gap_s(code) for code in codes] == pytest.approx([0, 0.01, 0.127, 1e-4, 9e-4, 0.127, 0.127, 0.127])


def test_who_is_more_urgent_does_not_wait_for_who_is_less() -> None:
    ours = Reassembler(ReassemblyLimits(grants_max=1))
    first = bytes([0x10, 20, 1, 2, 3, 4, 5, 6])
    for source, rank in ((1, 7), (2, 7), (3, 6), (4, 6)):
        ours.hear(source, first, 0.0, rank=rank)
    granted = [ours.next_reply() for _ in range(3)]
    assert granted == [(1, CONTINUE_FRAME), (3, CONTINUE_FRAME), None]
    for index in (1, 2):
        ours.hear(1, bytes([0x20 + index, *range(7)]), 0.01, rank=7)
    assert ours.next_reply() is None, "the second of the higher number waits for all of the lower"
    for source in (3, 4):
        for index in (1, 2):
            ours.hear(source, bytes([0x20 + index, *range(7)]), 0.02, rank=6)
    assert [ours.next_reply(), ours.next_reply()] == [(4, CONTINUE_FRAME), (2, CONTINUE_FRAME)]
