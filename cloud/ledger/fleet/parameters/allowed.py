"""What the parameters that are made now let a card class do, by the places where it is the same. Inside of a snapshot.

Terminals that sell and have no parameters yet stand under `unsaid`: what counts there is the terminal's own.
"""

from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from cloud.ledger.fleet.documents.rows import HASH_SIZE
from cloud.store.db import Database
from shared.errors import StoreFault
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.parameters import Limits, ParameterBody, decode_parameters
from shared.ids import DeviceId
from shared.inventory import LOADERS

BODIES_MAX = 64
"""Decoded bodies that are kept; there are few different ones."""
_NEWEST = (
    "SELECT d.scope, d.pages FROM document_head h JOIN document d ON d.kind = h.kind AND d.scope = h.scope "
    "AND d.generation = h.generation WHERE h.kind = ?"
)


_PAGE = "SELECT data, digest FROM document_page WHERE digest"


class MealLimits(NamedTuple):
    """name: of the meal, '' before the first one of a day. pin_above_fen None: no PIN."""

    name: str
    limits: Limits
    pin_above_fen: int | None


class Allowed(NamedTuple):
    """merchants: where it counts, by name. ceiling_fen 0: only the card knows."""

    merchants: tuple[str, ...]
    meals: tuple[MealLimits, ...]
    ceiling_fen: int


def allowed(db: Database, card_class: int) -> tuple[list[Allowed], tuple[str, ...]]:
    """By the first merchant's name; and the merchants with a terminal that has no parameters."""
    pages = {bytes(scope): bytes(joined) for scope, joined in db.run(_NEWEST, (int(DocumentKind.PARAMETERS),))}
    bodies = _bodies(db, set(pages.values()))
    there: defaultdict[tuple[tuple[MealLimits, ...], int], set[str]] = defaultdict(set)
    unsaid: set[str] = set()
    for device, kind, merchant in db.run("SELECT device, kind, merchant FROM device"):
        joined = pages.get(bytes(device_scope(DeviceId(bytes(device)))))
        if kind in LOADERS:
            continue
        if joined is None:
            unsaid.add(merchant)
        else:
            body = _decoded(bodies[joined])
            there[_of_class(body, card_class), body.ceiling_fen].add(merchant)
    found = [Allowed(tuple(sorted(names)), meals, ceiling) for (meals, ceiling), names in there.items()]
    return sorted(found, key=lambda one: one.merchants), tuple(sorted(unsaid))


def _bodies(db: Database, wanted: set[bytes]) -> dict[bytes, bytes]:
    """By their pages' joined hashes. StoreFault: a page is gone."""
    split = {one: [one[at : at + HASH_SIZE] for at in range(0, len(one), HASH_SIZE)] for one in wanted}
    hashes = list({page for pages in split.values() for page in pages})
    found = {bytes(digest): bytes(data) for data, digest in db.find(_PAGE, hashes)}
    if len(found) < len(hashes):
        raise StoreFault("a page of parameters is gone")
    return {one: b"".join(found[page] for page in pages) for one, pages in split.items()}


@lru_cache(maxsize=BODIES_MAX)
def _decoded(body: bytes) -> ParameterBody:
    return decode_parameters(body)


def _of_class(body: ParameterBody, card_class: int) -> tuple[MealLimits, ...]:
    """The time before the first meal with them."""
    meals = [(0, ""), *((row.meal, row.name) for row in body.meals)]
    return tuple(
        MealLimits(name, body.limits_of(card_class, meal), body.pin_above(card_class, meal)) for meal, name in meals
    )
