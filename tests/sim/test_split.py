"""Seeds of the small world of the split hold, what should happen does, and planted mistakes are seen."""

from pathlib import Path

import pytest

from cloud.ledger.loads.split import due, moving
from cloud.ledger.receive import authorise
from tests.sim.small import mistakes_are_seen, play
from tests.sim.split import QUOTA, SplitWorld

SEEDS, DEFECT_SEEDS = 8, 30


def test_seeds_hold_and_money_moves_by_itself(tmp_path: Path, whole: bool) -> None:
    granted = sum(world.granted for world in play(SplitWorld, SEEDS * (20 if whole else 1), tmp_path))
    assert granted > SEEDS, "hardly anything was loaded by itself"


def no_floor(patch: pytest.MonkeyPatch) -> None:
    """A load that comes by itself is not asked for the floor of the account."""
    patch.setattr(due, "floor_of", lambda *_: 0)
    patch.setattr(authorise, "floor_of", lambda *_: 0)


def no_threshold(patch: pytest.MonkeyPatch) -> None:
    """The purse is filled up to the target whatever it holds."""
    true = moving._by_rule
    always = QUOTA._replace(below_fen=QUOTA.target_fen)
    patch.setattr(moving, "_by_rule", lambda has, quota: true(has, quota and always))


def no_day(patch: pytest.MonkeyPatch) -> None:
    """What was loaded today is forgotten."""
    patch.setattr(due, "loaded_since", lambda *_: [])


DEFECTS = (no_floor, no_threshold, no_day)

test_a_planted_mistake_is_seen = mistakes_are_seen(DEFECTS, SplitWorld, DEFECT_SEEDS)
