"""A box comes in by a code, is killed ten times, is lost with all it held, and another one takes its place."""

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.keys.signer import SignerClient
from compose.place import ROOT
from provisioning.enrolment import register
from provisioning.enrolment.knock import DoorPlace, Heard, Knocker, knock
from shared.wire.enrol.office import OFFICE_SOCKET
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
ENROL_KILLS, RUN_KILLS = 5, 5
KILL_WITHIN_S = 1.2
"""An enrolment takes about half of it, so that some kills come before it and some after."""
BOUND_S = 120.0


class Machine:
    """A board on a wall: a data folder of its own, and a box's command when it runs."""

    def __init__(self, campus: Campus, name: str, part: str) -> None:
        self.campus, self.part = campus, part
        self.data = campus.room / name
        self.kills = 0

    async def enrol(self, qr: str, chance: random.Random, kills: int) -> None:
        """Until it is done; so many times it is killed somewhere on the way, and it is only said again."""
        words = (sys.executable, "-P", "-m", "edge", "enrol", qr, "--data", str(self.data))
        while True:
            asking = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=subprocess.DEVNULL)
            if self.kills < kills:
                await asyncio.sleep(chance.uniform(0, KILL_WITHIN_S))
                if asking.returncode is None:
                    asking.send_signal(signal.SIGKILL)
                self.kills += 1
            code = await asking.wait()
            if code == 0 and self.kills >= kills:
                return
            assert code in (0, -signal.SIGKILL), code

    def takes_over(self) -> None:
        """From the part's next start on the box runs here; its broker is what it was told."""
        argv = [*self.campus.parts[self.part].argv]
        argv[argv.index("--data") + 1] = str(self.data)
        at = argv.index("--broker")
        self.campus.parts[self.part] = replace(self.campus.parts[self.part], argv=(*argv[:at], *argv[at + 2 :]))
        self.campus.say(self.part, "--broker", "")

    def knocks(self, box: str) -> Heard:
        """With its certificate, at the boxes' door."""
        own = self.data / "boxes" / box
        who = Knocker(own / "ca.pem", own / "box.pem", own / "box.key")
        return knock(DoorPlace("127.0.0.1", self.campus.where.broker_port), who, box)


def code_of(campus: Campus, box: str) -> str:
    """A new code's QR."""
    with SignerClient(campus.where.run / OFFICE_SOCKET) as office:
        return office.add(box, 1, "王老师", approve=False)[2]


def lives(campus: Campus, box: str) -> list[bytes]:
    """The key of every certificate that was signed, the oldest first."""
    record = register.decode((campus.data / "enrolment" / f"{box}.box").read_bytes())
    return [one.spki for one in record.issued]


async def _play(stage: Stage) -> None:
    chance = random.Random(15)  # a scene's
    async with Campus(stage.room(plans.on_tcp), seed=15, enrolling=True) as campus:
        (part,) = campus.boxes
        box = part.removeprefix("edge-")
        await campus.open(part, *campus.bodies)
        first, second = Machine(campus, "first", part), Machine(campus, "second", part)
        with stage.step(
            Text(f"入网，途中断电 {ENROL_KILLS} 次", f"it comes in, killed {ENROL_KILLS} times on the way"),
            Text("只重说一遍；只签一张证书", "it is only said again; one certificate is signed"),
        ) as step:
            await first.enrol(code_of(campus, box), chance, ENROL_KILLS)
            assert len(lives(campus, box)) == 2, "the campus's own, and this one"
            step.seen = Text(f"断电 {first.kills} 次，证书 1 张", f"{first.kills} kills, 1 certificate")
        first.takes_over()
        await campus.start(part, *campus.bodies)
        with stage.step(
            Text(f"营业，断电 {RUN_KILLS} 次", f"it sells, killed {RUN_KILLS} times"),
            Text("每次自己回来", "it is back by itself each time"),
        ) as step:
            for _ in range(RUN_KILLS):
                await campus.until_posted(3)
                await asyncio.sleep(chance.uniform(0, KILL_WITHIN_S))
                await campus.kill(part)
                await campus.start(part)
            await campus.until_posted(3)
            step.seen = Text(f"入账 {campus.posted()}", f"{campus.posted()} posted")
        with stage.step(
            Text("营业中连机带盘丢失，换上新机", "it is lost with its disk at lunch; another one takes its place"),
            Text("接下终端与历史；旧证书被拒", "it takes terminals and history; the old certificate is refused"),
        ) as step:
            await campus.until_shown(3)
            await campus.kill(part)
            await second.enrol(code_of(campus, box), chance, ENROL_KILLS)
            second.takes_over()
            await campus.start(part)
            await campus.until_posted(3)
            assert len(set(lives(campus, box))) == len(lives(campus, box)) == 3
            await campus.until("the old one is refused", lambda: first.knocks(box) is Heard.REFUSED, BOUND_S)
            step.seen = Text("新机入账，旧机被拒", "the new one posts, the old one is refused")
        with stage.step(
            Text("收市", "the day is closed"), Text("账目属实，无一遗漏", "the books are true, nothing is lost")
        ):
            await campus.close_shop(BOUND_S)
            _as_if_here(campus, second.data, box)
            require_truth(campus)


def _as_if_here(campus: Campus, machine: Path, box: str) -> None:
    """What looks at the books looks for outboxes in the campus's folder."""
    (machine / "boxes" / box / "outbox.db").rename(campus.data / "boxes" / box / "outbox.db")


SCENE = Scene(
    "box-replaced",
    Text("网关入网、断电、换机", "a box enrolled, killed, replaced"),
    Text(
        "凭码入网，断电十次，丢失后由新机接替：一笔不丢，每台一张证书，无须人工收拾",
        "it comes in by a code, is killed ten times, is lost and replaced: nothing lost, one certificate for each",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
