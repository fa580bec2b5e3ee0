"""What a void 撤销 may move before a person has looked at it, by its cause: how old, how much, how often. Pure.

A PIN is no proof: whoever has the terminal's key signs as its cashier, so a void by PIN alone moves nothing by itself.
Counts and sums are of one terminal and one day of receipt, which nobody can write into a record.
"""

from typing import NamedTuple

from shared.records import Cause, VoidRecord


class Bound(NamedTuple):
    """Of one cause; above any of these a void is held 待核. age_s: from the sale to its void, by the terminal's clock;
    None where the power may have been away for long. fen: of one void; day_count, day_fen: of a terminal's day."""

    age_s: int | None
    fen: int
    day_count: int
    day_fen: int


BOUNDS: dict[int, Bound] = {
    Cause.TORN_PAIR: Bound(None, 20_000, 10, 20_000),
}
"""A cause that is not here moves nothing by itself."""


def is_alone(void: VoidRecord) -> bool:
    """Does nobody but its terminal stand for it?"""
    return void.cause not in BOUNDS


def is_within(void: VoidRecord, sale_s: int, posted: int, posted_fen: int) -> bool:
    """posted, posted_fen: what its terminal's voids of this cause have moved on that day."""
    bound = BOUNDS[void.cause]
    is_young = bound.age_s is None or 0 <= void.time - sale_s <= bound.age_s
    return (
        is_young and void.amount_fen <= bound.fen
        and posted < bound.day_count and posted_fen + void.amount_fen <= bound.day_fen
    )  # fmt: skip
