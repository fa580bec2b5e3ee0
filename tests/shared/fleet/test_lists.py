"""Revocations, awaited cards and operators as documents: one encoding each, frozen, and nothing else is understood."""

from collections.abc import Callable

import pytest

from shared.errors import WireFault
from shared.fleet.cards import AWAITED_MAX, OPERATORS_MAX, awaited_body, operators_body, read_awaited, read_operators
from shared.fleet.document import LENGTH_MAX, DocumentKind
from shared.fleet.revocations import REVOKED_MAX, Revocations, read_revocations, revocations_body
from shared.ids import CardId, DeviceId, PsamId

CARDS = frozenset(CardId(b"\x53\3\0\0\0\0\0\0" + n.to_bytes(2, "big")) for n in (0x4711, 7, 9))
CARDS_RAW = bytes.fromhex("01 0003 53030000000000000007 53030000000000000009 53030000000000004711")
LISTED = Revocations(3, (PsamId(b"psam-1"), PsamId(b"psam-2")), (DeviceId(b"device"),))
LISTED_RAW = bytes.fromhex("01 00000003 0002 0001 7073616d2d31 7073616d2d32 646576696365")


def cards(count: int) -> list[CardId]:
    return [CardId(n.to_bytes(10, "big")) for n in range(count)]


def test_their_bytes_are_frozen() -> None:
    assert awaited_body(CARDS) == operators_body(CARDS) == CARDS_RAW
    assert read_awaited(CARDS_RAW) == read_operators(CARDS_RAW) == CARDS
    assert (revocations_body(LISTED), read_revocations(LISTED_RAW)) == (LISTED_RAW, LISTED)


def test_nobody_is_a_list_too() -> None:
    assert read_awaited(awaited_body([])) == read_operators(operators_body([])) == frozenset()
    assert read_revocations(revocations_body(Revocations(9))) == Revocations(9)


def test_the_longest_of_each_fits_its_kind() -> None:
    ids = [n.to_bytes(6, "big") for n in range(REVOKED_MAX)]
    longest = {
        DocumentKind.AWAITED: awaited_body(cards(AWAITED_MAX)),
        DocumentKind.OPERATORS: operators_body(cards(OPERATORS_MAX)),
        DocumentKind.REVOCATIONS: revocations_body(
            Revocations(0xFFFF_FFFF, tuple(map(PsamId, ids)), tuple(map(DeviceId, ids)))
        ),
    }
    assert all(len(body) <= LENGTH_MAX[kind] for kind, body in longest.items())
    assert read_awaited(longest[DocumentKind.AWAITED]) == {*cards(AWAITED_MAX)}
    assert len(read_revocations(longest[DocumentKind.REVOCATIONS]).devices) == REVOKED_MAX


@pytest.mark.parametrize(("made", "most"), [(awaited_body, AWAITED_MAX), (operators_body, OPERATORS_MAX)])
def test_one_card_too_many_is_refused(made: Callable[[list[CardId]], bytes], most: int) -> None:
    with pytest.raises(WireFault):
        made(cards(most + 1))


@pytest.mark.parametrize("read", [read_awaited, read_operators])
@pytest.mark.parametrize(
    "spoilt",
    [
        b"", CARDS_RAW[:2], CARDS_RAW[:-1], CARDS_RAW + b"\0", b"\2" + CARDS_RAW[1:], b"\1\0\2" + CARDS_RAW[3:],
        CARDS_RAW[:3] + CARDS_RAW[13:23] + CARDS_RAW[3:13] + CARDS_RAW[23:],
        CARDS_RAW[:3] + CARDS_RAW[3:13] * 2 + CARDS_RAW[23:],
        b"\1\x7f\xff" + bytes(10) * 0x7FFF,
    ],
)  # fmt: skip
def test_what_is_no_list_of_cards_is_refused(read: Callable[[bytes], object], spoilt: bytes) -> None:
    with pytest.raises(WireFault):
        read(spoilt)


@pytest.mark.parametrize(
    "spoilt",
    [
        b"", LISTED_RAW[:8], LISTED_RAW[:-1], LISTED_RAW + b"\0", b"\2" + LISTED_RAW[1:],
        b"\1" + bytes(4) + LISTED_RAW[5:], LISTED_RAW[:9] + LISTED_RAW[15:21] + LISTED_RAW[9:15] + LISTED_RAW[21:],
        LISTED_RAW[:9] + LISTED_RAW[9:15] * 2 + LISTED_RAW[21:],
        b"\1\0\0\0\1\xff\xff\0\0" + bytes(6) * 0xFFFF,
    ],
)  # fmt: skip
def test_what_are_no_revocations_is_refused(spoilt: bytes) -> None:
    with pytest.raises(WireFault):
        read_revocations(spoilt)


def test_revocations_name_a_body_and_a_psam() -> None:
    assert LISTED.names(DeviceId(b"device"), PsamId(b"other!"))
    assert LISTED.names(DeviceId(b"other!"), PsamId(b"psam-2"))
    assert not LISTED.names(DeviceId(b"psam-1"), PsamId(b"device"))
