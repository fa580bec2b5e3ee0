"""What a void 撤销 may move before a person has looked at it, by its cause: how old, how much, how often. Pure.

A PIN is no proof: whoever has the terminal's key signs as its cashier, so a void by PIN alone moves nothing by itself.
Counts and sums are of one terminal and one day of receipt, which nobody can write into a record. The ledger decides; a
terminal asks the same of what it remembers, so that a cashier is not promised what a person has to decide.
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
    Cause.OPERATOR: Bound(24 * 3600, 50_000, 50, 100_000),
    Cause.SAME_CARD: Bound(180, 3_000, 5, 15_000),
}
"""A cause that is not here moves nothing by itself: a PIN alone."""
OPERATOR_DAY = Bound(None, 50_000, 100, 200_000)
"""What one operator card may give back on a day, at all terminals together."""


def is_alone(void: VoidRecord) -> bool:
    """Does nobody but its terminal stand for it?"""
    return void.cause not in BOUNDS


class Moved(NamedTuple):
    """What voids have moved on a day: how many, and their sum."""

    times: int
    fen: int


def is_within(void: VoidRecord, sale_s: int, by_terminal: Moved, by_witness: Moved) -> bool:
    """by_terminal: its terminal's voids of this cause; by_witness: those that the same card stood for."""
    is_operator = void.cause == Cause.OPERATOR
    return _fits(BOUNDS[void.cause], void, sale_s, by_terminal) and (
        not is_operator or _fits(OPERATOR_DAY, void, sale_s, by_witness)
    )


def _fits(bound: Bound, void: VoidRecord, sale_s: int, moved: Moved) -> bool:
    is_young = bound.age_s is None or 0 <= void.time - sale_s <= bound.age_s
    is_small = void.amount_fen <= bound.fen and moved.fen + void.amount_fen <= bound.day_fen
    return is_young and is_small and moved.times < bound.day_count
