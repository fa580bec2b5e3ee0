"""The line model: exact pace, everybody hears, collisions and wrong baud are garbage."""

import random

import pytest

from edge.link.sim.rs485_line import PORT_MAX_BYTES, LineSettings, SimLine


def line_of(ports=3, **options) -> SimLine:
    return SimLine(LineSettings(**options), ports, random.Random(1).random)


def test_ten_bits_a_byte_exactly():
    line = line_of(baud=9600)
    line.say(0, b"abc", 0)
    byte_ns = 10 * 1_000_000_000 // 9600
    assert line.next_event_ns() == 3 * byte_ns
    assert line.advance(byte_ns - 1) == []
    assert line.advance(byte_ns) == [(1, b"a"), (2, b"a")]
    assert line.advance(3 * byte_ns) == [(1, b"bc"), (2, b"bc")]
    assert line.next_event_ns() is None


def test_bytes_of_one_port_follow_each_other():
    line = line_of()
    line.say(0, b"ab", 0)
    line.say(0, b"cd", line.byte_ns)
    assert line.advance(4 * line.byte_ns - 1) == [(1, b"abc"), (2, b"abc")]
    assert line.advance(4 * line.byte_ns) == [(1, b"d"), (2, b"d")]
    line.say(0, b"e", 100 * line.byte_ns)
    assert line.advance(101 * line.byte_ns) == [(1, b"e"), (2, b"e")]


def test_two_at_once_are_garbage_where_they_overlap_and_only_there():
    line = line_of(ports=3)
    line.say(0, bytes(20), 0)
    line.say(1, bytes(4), 10 * line.byte_ns + 1)
    (_, at_two), = [one for one in line.advance(40 * line.byte_ns) if one.port == 2]
    assert at_two[:10] == bytes(10)
    assert at_two[-5:] == bytes(5)
    assert at_two != bytes(24)
    assert line.collisions == 9


def test_a_byte_right_after_another_is_no_collision():
    line = line_of(ports=3)
    line.say(0, b"ab", 0)
    line.advance(2 * line.byte_ns)
    line.say(1, b"c", 2 * line.byte_ns)
    line.advance(9 * line.byte_ns)
    assert line.collisions == 0


def test_another_baud_rate_hears_and_says_garbage():
    line = line_of(ports=3)
    line.set_matching(1, False)
    line.say(0, bytes(50), 0)
    heard = dict(line.advance(50 * line.byte_ns))
    assert heard[2] == bytes(50)
    assert heard[1] != bytes(50)
    line.say(1, bytes(50), 60 * line.byte_ns)
    assert dict(line.advance(200 * line.byte_ns))[2] != bytes(50)
    line.set_matching(1, True)
    line.say(1, bytes(50), 300 * line.byte_ns)
    assert dict(line.advance(400 * line.byte_ns))[2] == bytes(50)


def test_noise_and_echo():
    line = line_of(noise=0.1, echo=True)
    line.say(0, bytes(500), 0)
    heard = dict(line.advance(500 * line.byte_ns))
    assert heard.keys() == {0, 1, 2}
    assert 20 < sum(byte != 0 for byte in heard[1]) < 100


def test_a_port_has_a_bound():
    line = line_of()
    assert line.room(0) == PORT_MAX_BYTES
    line.say(0, bytes(PORT_MAX_BYTES), 0)
    assert line.room(0) == 0
    line.advance(10 * line.byte_ns)
    assert line.room(0) == 10


def test_no_such_baud():
    with pytest.raises(ValueError, match="baud"):
        line_of(baud=0)
