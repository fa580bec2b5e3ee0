"""How long something is waited for: as long as it goes on."""

import asyncio
import json

from compose.parts.watch import Progress, Watch


def test_as_long_as_anybody_has_less_left_it_has_not_stalled() -> None:
    progress = Progress(10.0)
    assert not progress.is_stalled({"a": 5, "b": 9}, 0.0)
    assert not any(progress.is_stalled({"a": 5, "b": 9 - n}, 9.0 * n) for n in range(1, 9))
    assert not progress.is_stalled({"a": 5, "b": 1}, 81.9)
    assert progress.is_stalled({"a": 5, "b": 1}, 82.0)


def test_to_and_fro_is_no_progress() -> None:
    progress = Progress(10.0)
    stalled = [progress.is_stalled({"a": 5 + n % 2}, float(n)) for n in range(12)]
    assert stalled.index(True) == 10


def test_a_part_that_begins_again_is_no_progress() -> None:
    progress = Progress(10.0)
    assert not progress.is_stalled({"a": 5}, 0.0)
    assert not progress.is_stalled({}, 5.0)
    assert progress.is_stalled({"a": 7}, 10.0)


def test_a_drain_ends_when_all_have_and_names_who_has_not() -> None:
    watch = Watch()
    for name, left in (("t-1", 0), ("t-2", 3)):
        watch.hear(name, "STATUS " + json.dumps({"left": left}))
    wait = (lambda said: said.get("left") == 0, lambda said: int(said["left"]), 0.05)
    assert asyncio.run(watch.until_stalled(["t-1"], *wait)) == []
    assert asyncio.run(watch.until_stalled(["t-1", "t-2", "t-3"], *wait)) == ["t-2", "t-3"]
