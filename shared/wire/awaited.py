"""Awaited cards 待补圈名单 as boxes and terminals of release 0.1 hear of them. Frozen bytes.

Whoever takes documents of the fleet gets shared/fleet/cards.py instead. The whole list each time, so that a lost one is
made good by the next; it grants nothing, so it is not signed and nobody keeps it on disk. Refuses, with WireFault, what
is too long, out of order or said twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from shared.errors import WireFault
from shared.ids import CardId, card_id
from shared.wire import topics
from shared.wire.form import fields
from shared.wire.form.layout import Layout, Message
from shared.wire.tags import Tag

AWAITED_MAX = 128
"""Cards of a list. Those whose loads changed last are named; the others wait for machine, desk or claim as before."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """down/now. Ascending."""

    cards: tuple[CardId, ...] = ()


NOBODY = Awaited()


def awaited(raw: Sequence[Any]) -> Awaited:
    """WireFault when malformed."""
    if len(raw) > AWAITED_MAX:
        raise WireFault(f"awaited cards: {len(raw)}, at most {AWAITED_MAX}")
    cards = tuple(card_id(one) for one in raw)
    if any(a >= b for a, b in pairwise(cards)):
        raise WireFault("awaited cards: not ascending")
    return Awaited(cards)


AWAITED = Message(
    Tag.AWAITED, topics.DOWN_NOW,
    Layout(
        "awaited cards", Awaited,
        fields.listed("cards", "10 bytes, ascending", AWAITED_MAX, lambda raw: awaited(raw).cards),
    ),
    (Awaited((CardId(b"\x53\3\0\0\0\0\0\0\x47\x11"),)), NOBODY),
)  # fmt: skip
