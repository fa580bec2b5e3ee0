"""A real campus, one part after another killed or halted: status says which, why, and what is unknown then."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from cloud.process.settings import load_settings
from cloud.watch.services import gather
from cloud.watch.services.gather import look
from cloud.watch.services.terms import Node, State, What
from cloud.watch.services.tree import exit_code, tree
from tests.patience import PATIENCE_S
from tests.scenes.campus import Campus

pytestmark = pytest.mark.process
BOUND_S = 120.0
OK, WRONG, UNKNOWN = State.OK, State.WRONG, State.UNKNOWN


class Asked(Campus):
    """Asked as `./ykt status` asks."""

    def seen(self) -> Node:
        return tree(look(load_settings(self.data), None))

    def node(self, name: str) -> Node:
        """Of a service or a device."""
        return next(one for one in self.seen().walk() if one.name == name and one.what is not What.CERTIFICATE)

    async def until_seen(self, name: str, reason: str, *states: State) -> None:
        def holds() -> bool:
            one = self.node(name)
            return one.own in states and reason in " ".join(each.text.zh for each in one.reasons)

        await self.until(f"{name} is {states} {reason}", holds, BOUND_S)

    async def until_heard_anew(self, box: str) -> None:
        """After the broker came back: what a box said before it counts for a while, and would hide that it is away."""
        await self.until_status("connected", f"edge-{box}", lambda said: said["connected"], BOUND_S)
        since_ms = time.time() * 1000
        await self.until(f"{box} is heard anew", lambda: self.node(box).as_of_ms >= since_ms, BOUND_S)

    async def until_all_well(self) -> None:
        await self.until("all well", lambda: exit_code(self.seen()) == 0, BOUND_S)


async def _one_after_another(room: Path) -> None:
    async with Asked(room, seed=5, watched=True) as campus, campus.telling():
        await campus.open("hand-desk")
        await campus.until_all_well()
        for name, service in (("keys", "keys"), ("watch", "watch"), ("ingest", "ingest"), ("broker", "broker")):
            await campus.kill(name)
            await campus.until_seen(service, "进程已退出", WRONG)
            assert exit_code(campus.seen()) == 1
            assert campus.node("devices").state is (UNKNOWN if name in ("ingest", "broker") else OK), name
            await campus.start(name)
            await campus.until_all_well()
        (part,) = campus.boxes
        box = part.removeprefix("edge-")
        await campus.until_heard_anew(box)
        campus.send(part, signal.SIGSTOP)
        await campus.until_seen(box, "没有回音", UNKNOWN, WRONG)
        below = [one.state for one in campus.node(box).walk() if one.what is What.TERMINAL]
        assert set(below) == {UNKNOWN}
        campus.send(part, signal.SIGCONT)
        await campus.until_all_well()


def test_each_part_is_missed_by_its_name_and_comes_back(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "LOOK_S", PATIENCE_S)  # what answers is waited for, however busy the machine is
    asyncio.run(_one_after_another(room))
