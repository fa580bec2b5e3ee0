"""Deltas: what one says is what differs, and no delta reaches out of its document."""

import random

import pytest

from shared.errors import WireFault
from shared.fleet.delta import DELTA_MAX, Delta, Patch, decode_delta, delta_between


@pytest.mark.parametrize("seed", range(200))
def test_a_delta_leads_to_the_next_document(seed: int) -> None:
    chance = random.Random(seed)
    before = chance.randbytes(chance.choice([0, 1, 300, 1024, 5000]))
    after = bytearray(before[: chance.choice([len(before), len(before) // 2])])
    after += chance.randbytes(chance.choice([0, 0, 5, 400]))
    for _ in range(chance.randrange(6)):
        if after:
            after[chance.randrange(len(after))] ^= 0x40
    found = delta_between(before, bytes(after))
    assert found is not None
    assert decode_delta(found.encode()) == found
    assert found.apply(before) == bytes(after)
    assert len(found.encode()) <= DELTA_MAX


def test_one_card_more_is_one_byte() -> None:
    before = bytes(33 * 1024)
    after = before[:20_000] + b"\1" + before[20_001:]
    assert delta_between(before, after) == Delta(33 * 1024, (Patch(20_000, b"\1"),))


def test_the_bytes_are_frozen() -> None:
    delta = Delta(5, (Patch(0, b"ab"), Patch(4, b"c")))
    assert delta.encode().hex() == "00000005" + "00000000" + "0002" + "6162" + "00000004" + "0001" + "63"


def test_a_large_change_goes_as_pages() -> None:
    assert delta_between(b"", random.Random(1).randbytes(DELTA_MAX)) is None


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"\0\0\0",
        Delta(4, (Patch(0, b"abcde"),)).encode(),
        Delta(9, (Patch(4, b"a"), Patch(0, b"b"))).encode(),
        Delta(9, (Patch(0, b"abc"), Patch(2, b"d"))).encode(),
        Delta(9, (Patch(0, b""),)).encode(),
        Delta(9, (Patch(0, b"abc"),)).encode()[:-1],
        Delta(9, ()).encode() + b"\0\0",
        Delta(1 << 20, (Patch(0, bytes(DELTA_MAX)),)).encode(),
    ],
)
def test_a_malformed_delta_is_refused(spoilt: bytes) -> None:
    with pytest.raises(WireFault):
        decode_delta(spoilt)
