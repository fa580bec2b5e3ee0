"""kill -9 of every part at random moments of a lunch, several times each: every 成功 is posted exactly once."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.scenes.campus import RATE, Campus
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
HURRY = 200.0
"""Customers per second."""
BETWEEN = 12
"""成功 between two kills, at least: what was started again has worked."""


async def _lunch(room: Path, seed: int, *victims: str, rate: float = RATE) -> None:
    """A part of each kind dies, in turn."""
    rng = Random(seed)
    async with Campus(room, seed=seed, rate=rate) as campus:
        await campus.open()
        for victim in victims:
            await campus.until_shown(BETWEEN + rng.randrange(BETWEEN))
            await asyncio.sleep(rng.uniform(0.0, 0.2))
            name = rng.choice([name for name in campus.parts if name.startswith(victim)])
            await campus.kill(name)
            await asyncio.sleep(rng.uniform(0.0, 0.5))
            await campus.start(name)
        await campus.until_posted(1)
        await campus.close_shop()
        assert require_truth(campus).posted >= len(victims) * BETWEEN


LUNCHES = {
    "edge": ["edge-"] * 3,
    "ingest and key process": ["ingest", "keys"] * 2,
    "broker with all that it kept": ["broker"] * 2,
}


@pytest.mark.parametrize("case", LUNCHES)
def test_part_killed_at_random_moments(room: Path, case: str) -> None:
    asyncio.run(_lunch(room, 11, *LUNCHES[case]))


def test_terminals_killed_in_the_middle_of_a_tap(room: Path) -> None:
    """One customer is right behind the other, so that a tap is always under way."""
    asyncio.run(_lunch(room, 13, *["t-pos-"] * 6, *["t-load-"] * 2, rate=HURRY))


def test_buses_boxes_and_terminals_killed_at_random_moments_of_a_lunch_on_buses(bus_room: Path) -> None:
    asyncio.run(_lunch(bus_room, 12, "bus-", "edge-", "t-", "bus-"))
