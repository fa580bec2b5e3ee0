"""Shares: any k join, k - 1 say nothing, every slip is named; the field is AES's; frozen bytes."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.keys import shares
from shared.keys.shares import (
    ShareDamaged,
    ShareFault,
    SharesForeign,
    SharesRepeated,
    SharesTooFew,
    from_bytes,
    from_text,
    join,
    split,
)

SECRET = bytes(range(0x40, 0x60))
FROZEN = "0102-01B7-FC18-4451-5053-5255-5457-5659-585B-5A5D-5C5F-5E16-1C03"


def constant(octet: int):
    return lambda size: bytes([octet]) * size


def slow_times(left: int, right: int) -> int:
    """Multiplication in AES's field, bit by bit."""
    product = 0
    while right:
        product ^= left if right & 1 else 0
        left = left << 1 ^ (0x11B if left & 0x80 else 0)
        right >>= 1
    return product


def test_the_field_is_the_one_of_aes() -> None:
    assert slow_times(0x57, 0x83) == 0xC1, "FIPS 197, 4.2"
    assert all(shares._times(a, b) == slow_times(a, b) for a in range(256) for b in range(256))
    assert all(shares._times(a, shares._inverse(a)) == 1 for a in range(1, 256))


def test_frozen_shares() -> None:
    first, second, third = split(SECRET[:16], 2, 3, constant(0x11))
    assert first.octets == bytes(octet ^ 0x11 for octet in SECRET[:16])
    assert second.octets == bytes(octet ^ 0x22 for octet in SECRET[:16])
    assert third.octets == bytes(octet ^ 0x33 for octet in SECRET[:16])
    assert first.to_text() == FROZEN
    assert from_text(FROZEN.lower().replace("-", "  ")) == first


@given(st.binary(min_size=16, max_size=64), st.integers(2, 5), st.integers(0, 4), st.randoms(use_true_random=False))
def test_any_k_of_n_join_and_k_less_one_do_not(secret, threshold, more, rng) -> None:
    made = split(secret, threshold, threshold + more, rng.randbytes)
    assert all(join(some) == secret for some in combinations(made, threshold))
    assert join(made[::-1]) == secret
    with pytest.raises(SharesTooFew):
        join(made[: threshold - 1])


def test_one_share_of_two_fits_every_secret() -> None:
    """Whatever a share says, each secret byte is reached by exactly one random byte: none is likelier than another."""
    pairs = [(secret, chance) for secret in range(256) for chance in range(256)]
    fitting = [secret for secret, chance in pairs if shares._at([bytes([secret]), bytes([chance])], 2) == b"\x5a"]
    assert sorted(fitting) == list(range(256))


def test_wrong_shares_are_named() -> None:
    one, two, three = split(SECRET, 2, 3, constant(7))
    other = split(SECRET[::-1], 2, 3, constant(7))
    with pytest.raises(SharesTooFew):
        join([])
    with pytest.raises(SharesRepeated):
        join([one, one])
    with pytest.raises(SharesForeign):
        join([one, other[1]])
    forged = shares.Share(2, 2, two.name, three.octets)
    with pytest.raises(ShareDamaged):
        join([one, forged])
    with pytest.raises(ShareDamaged):
        join([one, three, forged])


@pytest.mark.parametrize(("size", "k", "n"), [(15, 2, 3), (65, 2, 3), (16, 1, 3), (16, 4, 3), (16, 2, 17)])
def test_bounds_of_a_splitting(size, k, n) -> None:
    with pytest.raises(ShareFault):
        split(bytes(size), k, n, constant(1))


@given(st.integers(0, 41), st.integers(1, 255))
def test_a_mistyped_share_is_seen_alone(at, flip) -> None:
    raw = bytearray(split(SECRET, 2, 3, constant(9))[1].to_bytes())
    assert len(raw) == 42
    raw[at] ^= flip
    with pytest.raises(ShareDamaged):
        from_bytes(bytes(raw))


@given(st.text(max_size=200))
def test_any_text_is_refused_with_a_type(text) -> None:
    with pytest.raises(ShareDamaged):
        from_text(text)


def test_a_share_shows_nothing() -> None:
    share = split(SECRET, 2, 3, constant(0))[0]
    assert SECRET.hex() not in repr(share)
    assert repr(SECRET)[2:-1] not in repr(share)
