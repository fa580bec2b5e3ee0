"""The codec refuses what it would be costly to build, and what only looks like an array."""

from typing import Any

import cbor2
import pytest

from shared.errors import WireFault
from shared.wire import codec

HUGE = b"\x5a" + (120_000).to_bytes(4, "big") + b"\xff" * 120_000
BUILT_IN = [0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799]


def tagged(tag: int, item: bytes) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(tag, 0))[:-1] + item


def colliding(count: int) -> bytes:
    """An array of one map whose keys, all of them numbers, have one hash."""
    keys = (cbor2.dumps(n * (2**61 - 1)) + b"\0" for n in range(1, count + 1))
    return b"\x81\xb9" + count.to_bytes(2, "big") + b"".join(keys)


@pytest.mark.parametrize("tag", BUILT_IN)
def test_no_tag_is_built(tag: int) -> None:
    for item in (b"\x82\x01\x01", b"\x61a", b"\x41a", b"\x00"):
        with pytest.raises(WireFault):
            codec.loads(b"\x81" + tagged(tag, item))


def test_a_decimal_of_a_hundred_thousand_digits_is_not_worked_out() -> None:
    costly = b"\x81" + tagged(4, b"\x82\x01" + tagged(2, HUGE))
    cbor2.loads(b"\x81" + tagged(4, b"\x82\x01\x01"))
    with pytest.raises(WireFault, match="malformed CBOR"):
        codec.loads(costly)


def test_a_map_of_colliding_numbers_is_not_built() -> None:
    assert len(cbor2.loads(colliding(9))[0]) == 9
    with pytest.raises(WireFault, match="malformed CBOR"):
        codec.loads(colliding(9))


def test_a_tag_of_nobody_is_no_field() -> None:
    body = codec.loads(b"\x81" + tagged(6000, b"\x01"))
    with pytest.raises(WireFault):
        codec.fields(body, int, what="test")


@pytest.mark.parametrize("body", [b"\1\2", "ab", {1: 2, 3: 4}, 7, None])
def test_only_an_array_has_fields(body: Any) -> None:
    with pytest.raises(WireFault, match="instead of an array"):
        codec.fields(body, int, int, what="test")
    assert codec.fields([1, 2], int, int, what="test") == (1, 2)


@pytest.mark.parametrize("number", [2**62, -(2**62), 2**63, -(2**64)])
def test_a_number_past_62_bits_is_no_field(number: int) -> None:
    with pytest.raises(WireFault, match="past 62 bits"):
        codec.fields([number], int, what="test")


@pytest.mark.parametrize("number", [2**62 - 1, 1 - 2**62, 0])
def test_a_number_of_62_bits_is_a_field(number: int) -> None:
    assert codec.fields([number], int, what="test") == (number,)


def test_text_with_a_nul_is_no_field() -> None:
    with pytest.raises(WireFault, match="NUL"):
        codec.fields(["a\0b"], str, what="test")
