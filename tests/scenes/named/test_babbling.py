"""A node babbles, destroys its own frames and leaves the bus; the others lose nothing, and it is named."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from edge.link.sim.can_wire import Breakage, encode_order
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
BROKEN = 5
NAMED_S = 90.0


def break_node(campus: Campus, fault: Breakage) -> None:
    """The simulated controller of that address is broken so from now on, or mended."""
    argv = next(part.argv for name, part in campus.parts.items() if name.startswith("bus-"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hand:
        hand.connect(argv[argv.index("--socket") + 1])
        hand.send(encode_order(fault))


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.eight_on_can), seed=43, rate=1.0, tear=0.0) as campus:
        await campus.open()
        others = [name for name in campus.bodies if name != f"t-pos-{BROKEN}"]
        with stage.step(Text("八台都在卖", "all eight sell"), Text("各有成功", "a success at each")):
            for name in campus.bodies:
                await campus.until_shown(1, name)
        (box,) = campus.boxes  # what a node had counted before its box knew of it is of another time
        await campus.until_status("each has said how it stands", box, lambda said: _told(said) >= len(campus.bodies))
        break_node(campus, Breakage(BROKEN, corruption=0.6, babbles=True))
        named = Text(f"发送端故障，地址 {BROKEN}", f"the sender at address {BROKEN}")
        with stage.step(Text("点名故障节点", "the node is named"), named) as step:
            await campus.until("it is named", lambda: campus.facts("bus-culprit"), NAMED_S)
            told = [dict(params) for _, params in campus.facts("bus-culprit")]
            found = {(row["case"], row["address"]) for row in told}
            step.seen = ", ".join(f"{case} {address}" for case, address in sorted(found))
            assert found == {("sender", BROKEN)}, found
            assert not campus.facts("bus-segment-cut"), "a cable is blamed"
        with stage.step(Text("其余七台照卖", "the other seven sell on"), Text("各有成功", "a success at each")):
            for name in others:
                await campus.until_shown(1, name)
        break_node(campus, Breakage(BROKEN))
        with stage.step(
            Text("修好后收市", "mended, and the day closed"), Text("账目属实，一笔不少", "the books are true")
        ):
            await campus.close_shop(90.0)
            view = require_truth(campus)
            assert view.suspense == 0, f"{view.suspense} in suspense"


def _told(said: dict[str, Any]) -> int:
    """EMCY that the box has heard."""
    return int(said["counters"].get("emcy", 0))


SCENE = Scene(
    "babbling",
    Text("节点乱发后离线", "a node babbles, then leaves the bus"),
    Text(
        "八台消费机同在一条 CAN 上，其中一台乱发：它自己离开总线并被点名，其余一笔不少",
        "eight tills on one CAN bus, one babbles: it leaves the bus and is named, the others lose nothing",
    ),
    _play,
)


def test_who_babbles_leaves_the_bus_and_is_named(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
