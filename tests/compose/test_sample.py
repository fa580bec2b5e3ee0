"""The sample of `test`: stable, in every family, a part of `--all`, and nothing of it by chance or by order."""

from pathlib import Path

import pytest

from tests.compose.whole_run import PLUGINS, run
from tests.sample import kept

FAMILIES = """
import pytest
@pytest.mark.sampled(3)
@pytest.mark.parametrize("n", range(20))
def test_wide(n): pass
@pytest.mark.sampled(3)
@pytest.mark.parametrize("n", range(2))
def test_small(n): pass
@pytest.mark.sampled(1)
@pytest.mark.parametrize("kind", ["one", "other"])
@pytest.mark.parametrize("n", range(9))
def test_two_ways(n, kind): pass
@pytest.mark.spared("b")
@pytest.mark.parametrize("name", ["a", "b", "ab"])
def test_dear(name): pass
def test_alone(): pass
@pytest.mark.large
@pytest.mark.parametrize("n", range(4))
def test_for_minutes(n): pass
"""


def names(folder: Path, *words: str) -> list[str]:
    listed = run(folder, "--collect-only", "-q", *words).stdout.splitlines()
    return [line.partition("::")[2] for line in listed if "::" in line]


def test_the_sample_is_of_every_family_and_the_same_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(PLUGINS)
    (tmp_path / "test_it.py").write_text(FAMILIES)
    first, again, whole = names(tmp_path, "-p", "no:randomly"), names(tmp_path), names(tmp_path, "--all")
    assert sorted(first) == sorted(again)
    counts = {family: [name.partition("[")[0] for name in first].count(family) for family in FAMILIES_KEPT}
    assert counts == FAMILIES_KEPT
    assert len(whole) == 20 + 2 + 18 + 3 + 1 + 4
    assert set(first) < set(whole)


FAMILIES_KEPT = {"test_wide": 3, "test_small": 2, "test_two_ways": 1, "test_dear": 2, "test_alone": 1}


def test_a_member_more_changes_the_sample_by_one_at_most() -> None:
    before, after = (kept([f"test[{n}]" for n in range(many)], 10) for many in (100, 101))
    assert len(before) == 10
    assert len(before - after) <= 1


@pytest.mark.parametrize("most", [0, 1])
def test_a_sample_is_never_empty(most: int) -> None:
    assert len(kept(["a", "b"], most)) == 1
    assert kept([], most) == frozenset()
