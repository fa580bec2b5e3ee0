"""The envelope: what is accepted, what is not, and when a session ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.messages import Type
from edge.link.seal import (
    BAD_MACS_MAX,
    COUNTER_STEP_MAX,
    LATE_WINDOW,
    Direction,
    SealFault,
    Session,
    SessionOver,
    session_key,
)
from shared.ids import DeviceId

DEVICE = DeviceId(b"\0\1\0\0\0\1")
KEY = session_key(b"K" * 16, b"E" * 16, b"T" * 8, DEVICE)


def ends() -> tuple[Session, Session]:
    return Session(KEY, DEVICE, Direction.UP), Session(KEY, DEVICE, Direction.DOWN)


def test_frozen_bytes() -> None:
    up, down = ends()
    assert KEY.hex() == "f44af0db087878c10d3ca616bf53d03e"
    assert up.seal(Type.RECORD, b"r" * 57, 2).hex()[:8] == "10120001"
    assert len(up.seal(Type.RECORD, b"r" * 57)) == 69
    assert len(down.seal_seq(Type.ACK, 1, 7)) == 7


def test_a_message_opens_once() -> None:
    up, down = ends()
    sealed = up.seal(Type.STATUS, b"hello", 3)
    opened = down.open(sealed)
    assert (opened.type, opened.epoch_index, opened.payload) == (Type.STATUS, 3, b"hello")
    with pytest.raises(SealFault):
        down.open(sealed)


def test_lost_messages_are_skipped_up_to_the_bound() -> None:
    up, down = ends()
    for _ in range(63):
        up.seal(Type.STATUS, b"lost")
    assert down.open(up.seal(Type.STATUS, b"64th")).payload == b"64th"
    for _ in range(64):
        up.seal(Type.STATUS, b"lost")
    with pytest.raises(SealFault):
        down.open(up.seal(Type.STATUS, b"65th"))


def test_an_urgent_message_may_overtake_a_long_one_that_was_sealed_before() -> None:
    up, down = ends()
    record, request = up.seal(Type.RECORD, b"long"), up.seal(Type.ONLINE_REQUEST, b"urgent")
    assert down.open(request).payload == b"urgent"
    assert down.open(record).payload == b"long"
    for again in (record, request):
        with pytest.raises(SealFault):
            down.open(again)
    assert down.bad_macs == 2


def test_what_is_too_late_is_a_replay() -> None:
    up, down = ends()
    sealed = [up.seal(Type.STATUS, b"") for _ in range(LATE_WINDOW + 1)]
    for late in sealed[1:]:
        down.open(late)
    with pytest.raises(SealFault):
        down.open(sealed[0])


@given(st.lists(st.integers(1, 400), max_size=60))
def test_whatever_the_order_each_counter_opens_once_within_its_window(order: list[int]) -> None:
    up, down = ends()
    sealed = [up.seal(Type.STATUS, b"") for _ in range(400)]
    highest, taken = 0, set()
    for counter in order:
        down.bad_macs = 0
        near = highest - LATE_WINDOW < counter <= highest + COUNTER_STEP_MAX
        if near and counter not in taken:
            down.open(sealed[counter - 1])
            taken.add(counter)
            highest = max(highest, counter)
        else:
            with pytest.raises(SealFault):
                down.open(sealed[counter - 1])


def test_the_counter_goes_on_beyond_its_low_half() -> None:
    up, down = ends()
    for _ in range(0x10000 + 3):
        sealed = up.seal(Type.STATUS, b"")
        down.open(sealed)
    before, after = up.seal(Type.STATUS, b"a"), up.seal(Type.STATUS, b"b")
    assert down.open(after).payload + down.open(before).payload == b"ba"


def test_nothing_is_reflected_or_edited() -> None:
    up, _ = ends()
    sealed = up.seal(Type.STATUS, b"hello")
    with pytest.raises(SealFault):
        up.open(sealed)
    for at in range(len(sealed)):
        with pytest.raises(SealFault):
            Session(KEY, DEVICE, Direction.DOWN).open(sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :])


def test_the_sixteenth_bad_mac_ends_the_session() -> None:
    _, down = ends()
    for _ in range(BAD_MACS_MAX - 1):
        with pytest.raises(SealFault) as caught:
            down.open(b"\x10" * 69)
        assert not isinstance(caught.value, SessionOver)
    with pytest.raises(SessionOver):
        down.open(b"\x10" * 69)


def test_an_ack_finds_its_epoch_and_full_sequence() -> None:
    up, down = ends()
    assert up.open_seq(down.seal_seq(Type.ACK, 3, 70_000), [(2, 5), (3, 69_990)]) == (3, 70_000)
    assert up.open_seq(down.seal_seq(Type.ACK, 3, 65_536), [(3, 65_000)]) == (3, 65_536)


def test_an_old_ack_is_harmless_and_a_wrong_one_is_counted() -> None:
    up, down = ends()
    assert up.open_seq(down.seal_seq(Type.ACK, 3, 5), [(3, 9)]) is None
    with pytest.raises(SealFault):
        up.open_seq(down.seal_seq(Type.SETTLED, 4, 5), [(3, 4)])
    assert up.bad_macs == 1


LATER = 0x7E
"""A type that nobody knows yet, as a newer end would seal it."""


def test_envelopes_of_types_that_are_not_known_take_their_counters() -> None:
    up, down = ends()
    for _ in range(200):
        down.pass_over(up.seal(LATER, b"later"))
    assert down.open(up.seal(Type.STATUS, b"hello")).payload == b"hello"
    assert down.bad_macs == 0


def test_what_only_looks_like_one_takes_none() -> None:
    up, down = ends()
    sealed = up.seal(LATER, b"later")
    for spoilt in (b"", b"\x7e", sealed[:-1] + bytes((sealed[-1] ^ 1,)), b"\x7e\x20" + sealed[2:]):
        down.pass_over(spoilt)
    assert down.bad_macs == 0
    down.pass_over(sealed)
    down.pass_over(sealed)
    assert down.open(up.seal(Type.STATUS, b"hello")).payload == b"hello"
