"""Capped cards 限餐名单 as a document: whoever stands on it eats one meal a period, and is refused nothing else. Pure.

Form 1, number of cards 2 (big-endian), then for each card, ascending, each once: its id 10, the campus second since
which 4, and until which 4 (UNTIL_UNDONE: until it is taken off). A cap counts in no meal period that had begun when it
was made, and ends by itself, so that a terminal without network neither begins nor keeps it wrongly. It is a kind of
its own beside the hotlist, and an optional one: a terminal that does not know it goes on as before.

Refuses, with WireFault, what is not so.
"""

import struct
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from shared.errors import WireFault
from shared.ids import CardId

FORM = 1
CAPPED_MAX = 1_000
"""18 KB at a terminal."""
UNTIL_UNDONE = 0xFFFF_FFFF
MEAL_FEN = 15_00
"""One meal: what a capped card may spend in a meal period, in however many purchases."""
_HEAD, _ROW = struct.Struct(">BH"), struct.Struct(">10sII")


class CapRow(NamedTuple):
    """since_s: when it was made; until_s: the first second in which it does not count any more."""

    card: CardId
    since_s: int
    until_s: int = UNTIL_UNDONE

    def counts(self, now_s: int, period_s: int) -> bool:
        """Does it hold now, in a meal period that began at `period_s`?"""
        return self.since_s <= period_s and (self.until_s == UNTIL_UNDONE or now_s < self.until_s)


Capped = dict[CardId, CapRow]


def capped_body(rows: Iterable[CapRow]) -> bytes:
    """The bytes. WireFault above CAPPED_MAX, for a card twice, or a cap that ends before it begins."""
    found = sorted(rows)
    _require_sound(found)
    return _HEAD.pack(FORM, len(found)) + b"".join(_ROW.pack(*row) for row in found)


def read_capped(body: bytes) -> Capped:
    """By card."""
    if len(body) < _HEAD.size:
        raise WireFault(f"capped cards: {len(body)} bytes")
    form, count = _HEAD.unpack_from(body)
    if form != FORM or len(body) != _HEAD.size + count * _ROW.size:
        raise WireFault(f"capped cards of form {form}: {count} cards in {len(body)} bytes")
    rows = [CapRow(CardId(card), since, until) for card, since, until in _ROW.iter_unpack(body[_HEAD.size :])]
    _require_sound(rows)
    return {row.card: row for row in rows}


def _require_sound(rows: list[CapRow]) -> None:
    if len(rows) > CAPPED_MAX:
        raise WireFault(f"capped cards: {len(rows)}, at most {CAPPED_MAX}")
    if any(a.card >= b.card for a, b in pairwise(rows)):
        raise WireFault("capped cards: out of order, or one twice")
    if any(row.since_s >= row.until_s for row in rows):
        raise WireFault("capped cards: a cap that ends before it begins")
