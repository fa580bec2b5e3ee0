"""A broker that swallows: how long terminals wait for an ACK before it and meanwhile."""

import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from tests.halted import halt
from tests.scenes.campus import Campus
from tests.scenes.plans import in_plain
from tests.scenes.relay import AckClock, Relay
from tests.scenes.truth import require_truth

SAMPLES = 60
HOLES = ("stopped", "no-connack")


class AckWaits(NamedTuple):
    """Seconds from a RECORD to its ACK as terminals see it, sorted: with a broker, and with a hole in its place."""

    before: list[float]
    during: list[float]


async def ack_waits(room: Path, hole: str) -> AckWaits:
    """Sell, swallow, sell on, give the broker back; all of it must be posted then."""
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(in_plain(room), seed=32))
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
    return AckWaits(before, during)


async def _fall(campus: Campus, to_broker: Relay, hole: str) -> None:
    if hole == "stopped":
        halt(campus.pid("broker"))
        return
    to_broker.swallowing = True
    await to_broker.cut()  # the next connection is taken and never answered


async def _climb(campus: Campus, to_broker: Relay) -> None:
    campus.send("broker", signal.SIGCONT)
    to_broker.swallowing = False
    await to_broker.cut()
