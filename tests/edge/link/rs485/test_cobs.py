"""COBS: the paper's examples, no zero ever, exact overhead, refusal of what no encoder writes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.rs485.cobs import CobsError, decode, encode

RUN = bytes(range(1, 255))


@pytest.mark.parametrize(("plain", "encoded"), [
    (b"", b"\x01"), (b"\0", b"\x01\x01"), (b"\0\0", b"\x01\x01\x01"),
    (b"\x11\x22\0\x33", b"\x03\x11\x22\x02\x33"), (b"\x11\0\0\0", b"\x02\x11\x01\x01\x01"),
    (RUN, b"\xff" + RUN), (b"\0" + RUN, b"\x01\xff" + RUN), (RUN + b"\xff", b"\xff" + RUN + b"\x02\xff"),
    (RUN + b"\0", b"\xff" + RUN + b"\x01\x01"), (RUN[1:] + b"\0", b"\xfe" + RUN[1:] + b"\x01"),
])  # fmt: skip
def test_known_encodings(plain, encoded):
    assert encode(plain) == encoded
    assert decode(encoded) == plain


@given(st.binary(max_size=1200) | st.integers(250, 1100).map(lambda n: b"x" * n))
def test_comes_back_without_zeros(data):
    encoded = encode(data)
    assert 0 not in encoded
    assert len(encoded) <= len(data) + 1 + len(data) // 254
    assert decode(encoded) == data


@given(st.binary(max_size=300))
def test_any_bytes_decode_or_are_refused(data):
    with contextlib.suppress(CobsError):
        assert len(decode(data)) < len(data)


@pytest.mark.parametrize("broken", [b"", b"\0", b"\x02", b"\x03a", b"\x02a\x05bc", b"\x02\0"])
def test_what_no_encoder_writes(broken):
    with pytest.raises(CobsError):
        decode(broken)
