"""The length prefix: frozen bytes, any split of the stream, impossible lengths."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.tcp.framing import FrameDecoder, FramingError, encode


def test_frozen_bytes():
    assert encode(b"\x11abc") == b"\x00\x04\x11abc"
    assert encode(bytes(4095))[:2] == b"\x0f\xff"


@given(st.lists(st.binary(min_size=1, max_size=4095), max_size=6), st.lists(st.integers(0, 20_000), max_size=20))
def test_any_split_gives_the_same_messages(messages, cuts):
    stream = b"".join(map(encode, messages))
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder, got = FrameDecoder(), []
    for start, end in itertools.pairwise(edges):
        got += decoder.feed(stream[start:end])
    assert got == messages
    assert not decoder.unfinished


def test_byte_by_byte():
    decoder = FrameDecoder()
    got = [message for byte in encode(b"one") + encode(b"two") for message in decoder.feed(bytes([byte]))]
    assert got == [b"one", b"two"]


def test_an_unfinished_message_is_known():
    decoder = FrameDecoder()
    assert list(decoder.feed(encode(b"abc")[:-1])) == []
    assert decoder.unfinished


@pytest.mark.parametrize("prefix", [b"\x00\x00", b"\x10\x00", b"\xff\xff"])
def test_impossible_lengths(prefix):
    decoder, got = FrameDecoder(), []
    stream = decoder.feed(encode(b"before") + prefix)
    with pytest.raises(FramingError):
        got.extend(iter(lambda: next(stream), None))
    assert next(FrameDecoder().feed(encode(b"before") + prefix)) == b"before"


@pytest.mark.parametrize("length", [0, 4096])
def test_sizes_no_link_carries_are_not_sent(length):
    with pytest.raises(FramingError):
        encode(bytes(length))


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_no_stream_makes_it_raise_anything_else(chunks):
    decoder = FrameDecoder()
    for chunk in chunks:
        try:
            for message in decoder.feed(chunk):
                assert 1 <= len(message) <= 4095
        except FramingError:
            return
