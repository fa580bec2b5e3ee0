"""Brokers that forget and brokers that swallow: terminals do not notice, and everything is posted afterwards."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from compose.servers.servers import mosquitto_plain
from tests.scenes.campus import Campus
from tests.scenes.relay import AckClock, Relay
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
SAMPLES = 60
SLACK_S = 0.030
TIMES_SLOWER = 3.0
"""The machine is shared: a bound that only an ACK waiting for the broker can miss."""


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


async def _black_hole(room: Path, hole: str) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(room, seed=32))
        clock = AckClock()
        to_broker = await stack.enter_async_context(Relay(campus.where.broker_port))
        to_edge = await stack.enter_async_context(Relay(next(iter(campus.where.ports.values())), clock.watch))
        campus.reach("edge-canteen", campus.where.broker_port, to_broker.port)
        for name in campus.bodies:
            campus.reach(name, next(iter(campus.where.ports.values())), to_edge.port)
        await campus.open()
        await campus.until_posted(20)
        clock.take()
        await campus.until_shown(SAMPLES)
        before = clock.take()
        await _fall(campus, to_broker, hole)
        posted = campus.posted()
        await campus.until_shown(SAMPLES)
        during = clock.take()
        assert campus.posted() - posted < SAMPLES / 2, "the hole is none"
        await _climb(campus, to_broker)
        await campus.close_shop()
        require_truth(campus)
    assert len(before) > SAMPLES / 2
    assert len(during) > SAMPLES / 2
    for share in (0.5, 0.9):
        was, is_now = before[int(len(before) * share)], during[int(len(during) * share)]
        assert is_now <= TIMES_SLOWER * was + SLACK_S, f"ACK at {share}: {was * 1e3:.1f} → {is_now * 1e3:.1f} ms"


async def _fall(campus: Campus, to_broker: Relay, hole: str) -> None:
    if hole == "stopped":
        campus.send("broker", signal.SIGSTOP)
        return
    to_broker.swallowing = True
    await to_broker.cut()  # the next connection is taken and never answered


async def _climb(campus: Campus, to_broker: Relay) -> None:
    campus.send("broker", signal.SIGCONT)
    to_broker.swallowing = False
    await to_broker.cut()


@pytest.mark.parametrize("hole", ["stopped", "no-connack"])
def test_black_holed_broker_leaves_the_ack_time_alone(room: Path, hole: str) -> None:
    asyncio.run(_black_hole(room, hole))
