"""Lists of cards as documents: awaited cards 待补圈名单, and operator cards 主管卡 that void sales. Frozen bytes. Pure.

Form 1, number of cards 2 (big-endian), then the cards, 10 bytes each, ascending, each once: one list has one encoding.
Refuses, with WireFault, what is not so, and what is above the bound of its kind.
"""

import struct
from collections.abc import Iterable
from itertools import pairwise

from shared.errors import WireFault
from shared.ids import CardId

FORM = 1
AWAITED_MAX = 2_000
"""Cards whose next tap on line asks the centre: 20 KB at a terminal."""
OPERATORS_MAX = 256
"""Operator cards that count at a time."""
_HEAD = struct.Struct(">BH")
_SIZE = 10


def awaited_body(cards: Iterable[CardId]) -> bytes:
    """The bytes of awaited cards. WireFault above AWAITED_MAX."""
    return _body(cards, AWAITED_MAX)


def read_awaited(body: bytes) -> frozenset[CardId]:
    """Cards of which a load is half done."""
    return _read(body, AWAITED_MAX)


def operators_body(cards: Iterable[CardId]) -> bytes:
    """The bytes of operator cards. WireFault above OPERATORS_MAX."""
    return _body(cards, OPERATORS_MAX)


def read_operators(body: bytes) -> frozenset[CardId]:
    """Operator cards that count; any other one does not."""
    return _read(body, OPERATORS_MAX)


def _body(cards: Iterable[CardId], most: int) -> bytes:
    found = sorted(set(cards))
    if len(found) > most:
        raise WireFault(f"list of {len(found)} cards, at most {most}")
    return _HEAD.pack(FORM, len(found)) + b"".join(found)


def _read(body: bytes, most: int) -> frozenset[CardId]:
    if len(body) < _HEAD.size:
        raise WireFault(f"list of cards of {len(body)} bytes")
    form, count = _HEAD.unpack_from(body)
    if form != FORM or count > most or len(body) != _HEAD.size + count * _SIZE:
        raise WireFault(f"list of cards of form {form}: {count} cards in {len(body)} bytes")
    cards = [CardId(body[at : at + _SIZE]) for at in range(_HEAD.size, len(body), _SIZE)]
    if any(a >= b for a, b in pairwise(cards)):
        raise WireFault("list of cards: out of order")
    return frozenset(cards)
