"""The campus as `up --all-can` has it: loads and bus taps over CAN beside sales, the bus daemon killed once."""

import asyncio
from pathlib import Path

import pytest

from edge.link.seal import BAD_MACS_MAX
from tests.scenes.campus import Campus
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
BOX, LOAD, VALIDATOR = "edge-canteen", "t-load-1", "t-bus-1"


async def _loads_and_taps(room: Path) -> None:
    async with Campus(room, seed=41) as campus:
        on_can = [terminal.name for _, link, terminal in campus.plan.terminals() if link.name == "can0"]
        assert on_can == ["pos-1", "load-1", "bus-1"]
        await campus.open()
        await campus.until_shown(4, LOAD)
        await campus.until_shown(6, VALIDATOR)
        bus = next(name for name in campus.parts if name.startswith("bus-") and "can0" in name)
        await campus.kill(bus)
        await campus.start(bus)
        await campus.until_shown(3, LOAD)
        await campus.until_shown(3, VALIDATOR)
        await campus.close_shop()
        view = require_truth(campus)
        assert (view.suspense, view.transit_fen) == (0, 0)
        assert view.loads >= 7
        counters = campus.status(BOX)["counters"]
        assert counters.get("bad_macs", 0) < BAD_MACS_MAX, "messages overtake each other all the time"


def test_loads_and_bus_taps_over_can(can_room: Path) -> None:
    asyncio.run(_loads_and_taps(can_room))
