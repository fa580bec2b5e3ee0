"""The hotlist 黑名单 as a document: an exact answer for every card, never an estimate. Frozen bytes. Pure.

Page 0 is the directory: form 1, issuers 1, cards by id 2 (big-endian), then for each issuer, ascending, its 2 bytes and
its number of bitmap pages 1. Behind it the bitmap pages, one bit for each dense index, the lowest one first; then the
cards by id, ascending, 102 of 10 bytes to a page. Every page is whole. Refuses, with WireFault, what is not so.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from shared.errors import WireFault
from shared.fleet.document import PAGE_SIZE
from shared.ids import CardId, hotlist_index, issuer

FORM = 1
INDEX_MAX = 262_144
"""Cards of one issuer that the bitmap has room for: 32 pages. The index of a card that has expired is used again."""
ISSUERS_MAX = 255
BY_ID_MAX = 3_000
"""Cards of issuers without dense numbers."""
_PAGE_BITS = PAGE_SIZE * 8
_HEAD, _ISSUER = struct.Struct(">BBH"), struct.Struct(">2sB")
_CARD_SIZE = 10
_CARDS_A_PAGE = PAGE_SIZE // _CARD_SIZE


class Hotlist:
    """What it says of every card. Reads its bytes where they lie. by_id: cards without a bit, which begin at
    bitmaps_end."""

    def __init__(self, body: bytes) -> None:
        if len(body) < PAGE_SIZE or len(body) % PAGE_SIZE:
            raise WireFault(f"hotlist of {len(body)} bytes")
        form, issuers, by_id = _HEAD.unpack_from(body)
        if form != FORM or by_id > BY_ID_MAX:
            raise WireFault(f"hotlist of form {form}, {by_id} cards by id")
        self._body = body
        self._bitmaps, self.bitmaps_end = _directory(body, issuers)
        self.by_id = _cards(body[self.bitmaps_end :], by_id)

    def contains(self, card: CardId, index: int) -> bool:
        """Is this card to be refused? index: its dense number, as the terminal has read it from the card."""
        bits = self._bitmaps.get(card[:2])
        if bits is not None and index < bits.size:
            return bool(self._body[bits.begin + (index >> 3)] >> (index & 7) & 1)
        return card in self.by_id

    def bit_of(self, card: CardId) -> tuple[int | None, int]:
        """Its byte in a bitmap, and its bit there; None: it would stand among those by id."""
        bits, index = self._bitmaps.get(issuer(card)), hotlist_index(card)
        if bits is None or index >= bits.size:
            return None, 0
        return bits.begin + (index >> 3), 1 << (index & 7)

    def __len__(self) -> int:
        """Entries."""
        listed = sum(_ones(self._body, bits) for bits in self._bitmaps.values())
        return listed + len(self.by_id)


NOBODY = _HEAD.pack(FORM, 0, 0).ljust(PAGE_SIZE, b"\0")
"""The bytes of a list without any card."""


def hotlist_body(
    dense: Iterable[CardId], by_id: Iterable[CardId] = (), room: Mapping[bytes, int] | None = None
) -> bytes:
    """The bytes of a list. room: issuer → cards that its bitmap is to have room for, so that pages stay where they are.

    WireFault where it does not fit.
    """
    bitmaps: dict[bytes, bytearray] = {one: bytearray(_whole(cards)) for one, cards in (room or {}).items()}
    for card in dense:
        index = hotlist_index(card)
        if index >= INDEX_MAX:
            raise WireFault(f"hotlist index {index}")
        bits = bitmaps.setdefault(issuer(card), bytearray())
        bits.extend(bytes(max(0, _whole(index + 1) - len(bits))))
        bits[index >> 3] |= 1 << (index & 7)
    cards = sorted(set(by_id))
    if len(bitmaps) > ISSUERS_MAX or len(cards) > BY_ID_MAX:
        raise WireFault(f"hotlist: {len(bitmaps)} issuers, {len(cards)} cards by id")
    rows = b"".join(_ISSUER.pack(one, len(bits) // PAGE_SIZE) for one, bits in sorted(bitmaps.items()))
    head = (_HEAD.pack(FORM, len(bitmaps), len(cards)) + rows).ljust(PAGE_SIZE, b"\0")
    return b"".join([head, *(bits for _, bits in sorted(bitmaps.items())), *_tail(cards)])


def changed_body(body: bytes, listed: Iterable[CardId], unlisted: Iterable[CardId]) -> bytes:
    """The bytes of a list after these cards have come, or gone: what `hotlist_body` would make anew of all of them, and
    only their pages touched. WireFault where they do not fit, or `body` is none."""
    before, out = Hotlist(body), bytearray(body)
    by_id = set(before.by_id)
    for card, is_listed in [*((card, False) for card in unlisted), *((card, True) for card in listed)]:
        at, mask = before.bit_of(card)
        if at is None:
            (by_id.add if is_listed else by_id.discard)(card)
        elif is_listed:
            out[at] |= mask
        else:
            out[at] &= ~mask
    return bytes(out) if by_id == before.by_id else _with_by_id(out, before.bitmaps_end, sorted(by_id))


def room_of(cards: int) -> int:
    """Cards that the whole pages for so many have room for."""
    return _whole(cards) * 8


def _with_by_id(out: bytearray, end: int, cards: list[CardId]) -> bytes:
    if len(cards) > BY_ID_MAX:
        raise WireFault(f"hotlist: {len(cards)} cards by id")
    form, issuers, _ = _HEAD.unpack_from(out)
    out[: _HEAD.size] = _HEAD.pack(form, issuers, len(cards))
    return bytes(out[:end]) + b"".join(_tail(cards))


def _tail(cards: list[CardId]) -> Iterator[bytes]:
    places = range(0, len(cards), _CARDS_A_PAGE)
    return (b"".join(cards[at : at + _CARDS_A_PAGE]).ljust(PAGE_SIZE, b"\0") for at in places)


class _Bits(NamedTuple):
    """An issuer's bitmap: its first byte, and how many cards it has room for."""

    begin: int
    size: int


def _directory(body: bytes, issuers: int) -> tuple[dict[bytes, _Bits], int]:
    """Bitmaps by issuer, and where they end."""
    found: dict[bytes, _Bits] = {}
    at, last = PAGE_SIZE, b""
    for number in range(issuers):
        who, pages = _ISSUER.unpack_from(body, _HEAD.size + number * _ISSUER.size)
        if who <= last or pages * _PAGE_BITS > INDEX_MAX:
            raise WireFault("hotlist: issuers out of order, or one with too many pages")
        found[who], last = _Bits(at, pages * _PAGE_BITS), who
        at += pages * PAGE_SIZE
    if at > len(body):
        raise WireFault("hotlist: pages are missing")
    return found, at


def _cards(tail: bytes, count: int) -> frozenset[CardId]:
    if len(tail) != -(-count // _CARDS_A_PAGE) * PAGE_SIZE:
        raise WireFault("hotlist: cards by id do not fit its pages")
    places = (at // _CARDS_A_PAGE * PAGE_SIZE + at % _CARDS_A_PAGE * _CARD_SIZE for at in range(count))
    cards = [CardId(tail[at : at + _CARD_SIZE]) for at in places]
    if any(a >= b for a, b in pairwise(cards)):
        raise WireFault("hotlist: cards by id out of order")
    return frozenset(cards)


def _whole(cards: int) -> int:
    """Bytes of the whole pages for so many."""
    return -(-cards // _PAGE_BITS) * PAGE_SIZE


def _ones(body: bytes, bits: _Bits) -> int:
    return int.from_bytes(body[bits.begin : bits.begin + bits.size // 8], "big").bit_count()
