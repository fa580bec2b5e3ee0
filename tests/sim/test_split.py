"""Seeds of the small world of the split hold, what should happen does, and planted mistakes are seen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.ledger.loads.split import due, moving
from cloud.ledger.receive import authorise
from tests.sim.split import QUOTA, SplitWorld
from tests.sim.world import Violation

SEEDS, DEFECT_SEEDS = 8, 30


def test_seeds_hold_and_money_moves_by_itself(tmp_path: Path, whole: bool) -> None:
    granted = 0
    for seed in range(SEEDS * (20 if whole else 1)):
        world = SplitWorld(seed, tmp_path)
        world.run()
        granted += world.granted
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


@pytest.mark.parametrize("plant", DEFECTS, ids=lambda plant: plant.__name__)
def test_a_planted_mistake_is_seen(
    plant: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(Violation, match="split"):
        _run_all(tmp_path)


def _run_all(folder: Path) -> None:
    for seed in range(DEFECT_SEEDS):
        SplitWorld(seed, folder).run()
