"""The hotlist answers exactly for every card, and refuses bytes that are none."""

import random

import pytest

from shared.errors import WireFault
from shared.fleet.document import PAGE_SIZE, digest_of
from shared.fleet.hotlist import BY_ID_MAX, INDEX_MAX, NOBODY, Hotlist, hotlist_body
from shared.ids import CardId, hotlist_index


def card(index: int, issuer: bytes = b"\x53\3") -> CardId:
    return CardId(issuer + b"\0\0\0\1" + index.to_bytes(4, "big"))


@pytest.mark.parametrize("seed", range(20))
def test_it_answers_exactly(seed: int) -> None:
    chance = random.Random(seed)
    issuers = [b"\x53\3", b"\x53\4", b"\x10\0"]
    dense = {card(chance.randrange(30_000), chance.choice(issuers)) for _ in range(chance.choice([0, 1, 500]))}
    foreign = {CardId(b"\x99\x99" + chance.randbytes(8)) for _ in range(chance.choice([0, 1, 102, 103, 300]))}
    found = Hotlist(hotlist_body(dense, foreign))
    assert len(found) == len(dense) + len(foreign)
    for one in [*dense, *foreign]:
        assert found.contains(one, hotlist_index(one))
    for _ in range(2000):
        other = card(chance.randrange(40_000), chance.choice(issuers))
        assert found.contains(other, hotlist_index(other)) == (other in dense)


def test_nobody_is_one_page() -> None:
    assert hotlist_body([]) == NOBODY
    assert len(Hotlist(NOBODY)) == 0


def test_sixty_thousand_cards_are_thirty_three_pages() -> None:
    chance = random.Random(7)
    body = hotlist_body([card(chance.randrange(INDEX_MAX)) for _ in range(60_000)] + [card(INDEX_MAX - 1)])
    assert len(body) == 33 * PAGE_SIZE


def test_room_keeps_pages_where_they_are() -> None:
    room = {b"\x53\3": 9_000}
    assert len(hotlist_body([], room=room)) == 3 * PAGE_SIZE
    one, two = (hotlist_body([card(n)], room=room) for n in (8, 8_999))
    assert (len(one), digest_of(one) != digest_of(two)) == (3 * PAGE_SIZE, True)


@pytest.mark.parametrize(
    ("dense", "by_id"),
    [([card(INDEX_MAX)], []), ([], [card(n, b"\x99\x99") for n in range(BY_ID_MAX + 1)]),
     ([card(1, n.to_bytes(2, "big")) for n in range(256)], [])],
)  # fmt: skip
def test_what_does_not_fit_is_refused(dense: list[CardId], by_id: list[CardId]) -> None:
    with pytest.raises(WireFault):
        hotlist_body(dense, by_id)


BODY = hotlist_body([card(1), card(2, b"\x53\4")], [card(1, b"\x99\x99"), card(2, b"\x99\x99")])


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        BODY[:-1],
        BODY + bytes(PAGE_SIZE),
        BODY[:-PAGE_SIZE],
        b"\2" + BODY[1:],
        b"\1\1" + BODY[2:],
        b"\1\3" + BODY[2:],
        b"\1\2\xff\xff" + BODY[4:],
        BODY[:4] + BODY[7:10] + BODY[4:7] + BODY[10:],
        BODY[:6] + b"\x21" + BODY[7:],
        BODY[: -PAGE_SIZE] + BODY[-PAGE_SIZE + 10 : -PAGE_SIZE + 20] + BODY[-PAGE_SIZE : -PAGE_SIZE + 10]
        + BODY[-PAGE_SIZE + 20 :],
    ],
)  # fmt: skip
def test_malformed_bytes_are_refused(spoilt: bytes) -> None:
    with pytest.raises(WireFault):
        Hotlist(spoilt)


def test_any_bytes_are_a_list_or_a_fault() -> None:
    chance = random.Random(3)
    for _ in range(300):
        spoilt = bytearray(BODY)
        for _ in range(chance.randrange(1, 4)):
            spoilt[chance.randrange(12)] = chance.randrange(256)
        try:
            Hotlist(bytes(spoilt)).contains(card(1), 1)
        except WireFault:
            continue
