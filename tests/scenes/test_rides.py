"""A bus day: on at the front, off at the back, a flat line beside it; cards are torn and validators killed."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.scenes.campus import Campus
from tests.scenes.plans import command
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
FRONT, BACK, LOOP = "t-front", "t-back", "t-loop"


async def _ride(room: Path) -> None:
    async with Campus(room, seed=51, tear=0.15) as campus:
        await campus.open()
        await campus.until_shown(5, FRONT)
        await campus.kill(FRONT, BACK)
        await campus.start(FRONT, BACK)
        for door in (FRONT, BACK, LOOP):
            await campus.until_shown(5, door)
        await campus.close_shop()
        view = require_truth(campus)
        assert view.no_entry >= 5, "entries over nothing"
        said = json.loads(command("cloud", "report", "--data", campus.data, "--json").splitlines()[-1])
        by_distance, flat = said["rides"]
        assert (by_distance["line"], by_distance["flat"], flat["line"]) == (1, 0, 2)
        assert by_distance["boarded"] >= 5
        assert by_distance["alighted"] >= 5
        assert flat["fen"] >= flat["flat"] * 100, "a transfer costs 50 less, a forgotten exit more"
        assert "1号线" in command("cloud", "report", "--data", campus.data)


def test_a_bus_day(ride_room: Path) -> None:
    asyncio.run(_ride(ride_room))
