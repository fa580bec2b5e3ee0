"""A node babbles, destroys its own frames and leaves the bus; the others lose nothing, and it is named."""

import asyncio
import socket
from pathlib import Path

import pytest

from edge.link.sim.can_wire import Breakage, encode_order
from tests.scenes.campus import Campus
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
BROKEN = 5
NAMED_S = 90.0


def break_node(campus: Campus, fault: Breakage) -> None:
    argv = next(part.argv for name, part in campus.parts.items() if name.startswith("bus-"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hand:
        hand.connect(argv[argv.index("--socket") + 1])
        hand.send(encode_order(fault))


async def _babbles(room: Path) -> None:
    async with Campus(room, seed=43, rate=1.0, tear=0.0) as campus:
        await campus.open()
        others = [name for name in campus.bodies if name != f"t-pos-{BROKEN}"]
        assert len(others) == 7
        for name in campus.bodies:
            await campus.until_shown(1, name)
        break_node(campus, Breakage(BROKEN, corruption=0.6, babbles=True))
        await campus.until("it is named", lambda: campus.facts("bus-culprit"), NAMED_S)
        told = [dict(params) for _, params in campus.facts("bus-culprit")]
        assert {(row["case"], row["address"]) for row in told} == {("sender", BROKEN)}
        for name in others:
            await campus.until_shown(1, name)
        assert not campus.facts("bus-segment-cut")
        break_node(campus, Breakage(BROKEN))
        await campus.close_shop(90.0)
        view = require_truth(campus)
        assert view.suspense == 0


def test_who_babbles_leaves_the_bus_and_is_named(eight_room: Path) -> None:
    asyncio.run(_babbles(eight_room))
