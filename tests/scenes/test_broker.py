"""Brokers that forget and brokers that swallow: terminals do not notice, and everything is posted afterwards."""

import asyncio
from pathlib import Path

import pytest

from compose.servers.servers import mosquitto_plain
from tests.scenes.campus import Campus
from tests.scenes.hole import HOLES, SAMPLES, ack_waits
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process


async def _forgetful(room: Path) -> None:
    async with Campus(room, seed=31, broker=mosquitto_plain) as campus:
        await campus.open()
        for _ in range(2):
            await campus.until_shown(20)
            await campus.kill("broker")
            await campus.until_shown(10)
            await campus.start("broker")
        await campus.until_posted(1)
        await campus.close_shop()
        require_truth(campus)


def test_mosquitto_as_it_comes_killed_with_all_that_it_kept(room: Path) -> None:
    asyncio.run(_forgetful(room))


@pytest.mark.parametrize("hole", HOLES)
def test_with_a_black_holed_broker_everything_is_still_acked(room: Path, hole: str) -> None:
    """How long an ACK takes meanwhile is a figure of the machine: `./ykt bench hole`."""
    waits = asyncio.run(ack_waits(room, hole))
    assert len(waits.before) > SAMPLES / 2
    assert len(waits.during) > SAMPLES / 2
