"""Limits of offline codes as a document: one encoding, frozen, and nothing beyond what any school may allow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WireFault
from shared.fleet.document import LENGTH_MAX, OPTIONAL, DocumentKind
from shared.fleet.wallets import DAY_MAX_FEN, ENDED_MAX, Wallets, read_wallets, wallets_body

LIMITS = Wallets(2, 30_00, 1_000_00, frozenset({7, 0x0001_0203}))
RAW = bytes.fromhex("01 02 00000bb8 000186a0 0002 00000007 00010203")
NUMBERS = st.integers(0, 0xFFFF_FFFF)


def test_its_bytes_are_frozen() -> None:
    assert (wallets_body(LIMITS), read_wallets(RAW)) == (RAW, LIMITS)


def test_a_school_that_stops_says_so_and_old_terminals_need_not_know() -> None:
    off = read_wallets(wallets_body(Wallets(0, 0, 0)))
    assert not off.is_on
    assert DocumentKind.WALLETS in OPTIONAL


@given(st.sets(NUMBERS, max_size=40))
def test_what_was_listed_is_read(ended: set[int]) -> None:
    found = Wallets(1, 1, 1, frozenset(ended))
    assert read_wallets(wallets_body(found)) == found


def test_the_longest_fits_its_kind_and_one_more_is_refused() -> None:
    full = Wallets(2, 30_00, DAY_MAX_FEN, frozenset(range(ENDED_MAX)))
    assert len(wallets_body(full)) <= LENGTH_MAX[DocumentKind.WALLETS]
    with pytest.raises(WireFault, match="at most"):
        wallets_body(Wallets(2, 30_00, DAY_MAX_FEN, frozenset(range(ENDED_MAX + 1))))


@pytest.mark.parametrize(
    "beyond",
    [
        Wallets(3, 30_00, 1_000_00), Wallets(2, 30_01, 1_000_00), Wallets(2, 30_00, DAY_MAX_FEN + 1),
        Wallets(1, 0, 1_000_00), Wallets(1, 30_00, 29_99),
    ],
)  # fmt: skip
def test_limits_beyond_what_any_school_may_allow_or_under_which_nothing_is_paid(beyond: Wallets) -> None:
    with pytest.raises(WireFault):
        wallets_body(beyond)


@pytest.mark.parametrize(
    "raw",
    [
        RAW[:5], RAW[:-1], RAW + b"\0", b"\2" + RAW[1:], b"\1\3" + RAW[2:],
        RAW[:12] + RAW[16:] + RAW[12:16], RAW[:12] + RAW[12:16] * 2,
    ],
)  # fmt: skip
def test_any_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(WireFault):
        read_wallets(raw)
