"""演练: an alarm on purpose goes all the way on real processes, says so everywhere, and leaves no trace in figures."""

import asyncio
import json
import shlex
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.watch.alarms.drill import DRILL
from compose.campus.campus import step
from compose.campus.drill import DUTY, drill
from compose.parts.supervise import Supervisor
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.alarmed import know_at_any_hour
from tests.scenes.campus import BOUND_S, Campus
from tests.scenes.plans import command
from tests.scenes.scene import Scene, Stage

pytestmark = pytest.mark.process
LASTS = "5m"
"""At most: it is over when it is acknowledged, however long that takes on a busy machine."""
MARK = "演练"
FIGURES = "raised", "standing"
WORDS = "./ykt"


class Told:
    """What a drill says, line by line."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.lines: list[str] = []

    async def until(self, what: str) -> str:
        """The line that holds this; it must come."""
        assert self._process.stdout is not None
        async with asyncio.timeout(BOUND_S):
            while raw := await self._process.stdout.readline():
                self.lines.append(raw.decode().rstrip())
                if what in self.lines[-1]:
                    return self.lines[-1]
        raise AssertionError(f"{what!r} was never said: {self.lines}")

    async def end(self) -> int:
        """Its exit code, and all that it said."""
        assert self._process.stdout is not None
        async with asyncio.timeout(BOUND_S):
            self.lines += (await self._process.stdout.read()).decode().splitlines()
            return await self._process.wait()


async def begun(data: Path, lasts: str) -> Told:
    argv = step(DRILL, "cloud", "alarms", "drill", "--for", lasts, "--data", str(data)).argv
    assert argv[0] == sys.executable
    return Told(await asyncio.create_subprocess_exec(*argv, stdout=PIPE, stderr=asyncio.subprocess.STDOUT))


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.on_tcp), seed=75, watched=True) as campus:
        await campus.start(*(name for name in campus.parts if _serves(name)))
        await campus.until_status("it watches", "watch", lambda said: said["turns"])
        if stage.whole:
            await _with_nobody(stage, campus)
            await _of_the_launcher(stage, campus)
        await _all_the_way(stage, campus)
        with stage.step(Text("统计", "figures"), Text("没有算它", "it is counted nowhere")) as seen:
            turns = campus.status("watch")["turns"]
            await campus.until_status("a later word", "watch", lambda said: said["turns"] > turns + 2)
            said = campus.status("watch")
            seen.seen = " ".join(f"{name}={said[name]}" for name in FIGURES)
            assert [said[name] for name in FIGURES] == [0, 0]
            assert said["alarms"]["grades"] == {}
            figures = json.loads(command("cloud", "alarms", "figures", "--json", "--data", campus.data))
            assert not any(figures["grades"].values()), figures


def _serves(name: str) -> bool:
    return name in ("broker", "keys", "ingest", "watch")


async def _with_nobody(stage: Stage, campus: Campus) -> None:
    expected = Text("演练指出来", "the drill finds that")
    with stage.step(Text("没有登记任何人", "nobody is known"), expected):
        told = await begun(campus.data, "12s")
        await told.until("没有登记任何人")
        assert await told.end() == 1, told.lines
        assert "未通过" in told.lines[-1]
        assert "已恢复未确认" in "".join(told.lines)


async def _of_the_launcher(stage: Stage, campus: Campus) -> None:
    """`./ykt up --drill`: somebody is made up, what the drill says is shown, and the printed command is given."""
    printed: asyncio.Queue[str] = asyncio.Queue()
    said: list[str] = []

    def hear(part: str, line: str) -> None:
        if part == DRILL:
            said.append(line)
            if WORDS in line and "ack" in line:
                printed.put_nowait(line)

    expected = Text("先登记一人，再走完", "somebody is taken up, and it passes")
    with stage.step(Text("演示里的演练", "a drill of the demonstration"), expected) as seen:
        async with Supervisor(campus.room / "log-drill", on_line=hear) as parts:
            drilled = asyncio.create_task(drill(parts, campus.data, lambda line: said.append(str(line))))
            async with asyncio.timeout(BOUND_S):
                words = shlex.split((await printed.get()).strip().removeprefix(WORDS))
            await asyncio.to_thread(command, words[0], *words[1:])
            await drilled
        seen.seen = said[-1]
        assert any(str(DUTY) in line for line in said), said
        assert "演练成功" in said[-1], said


async def _all_the_way(stage: Stage, campus: Campus) -> None:
    know_at_any_hour(campus)
    if stage.whole:
        command("cloud", "person", "leave", str(DUTY), "--data", campus.data)
    told = await begun(campus.data, LASTS)
    with stage.step(Text("触发", "it is raised"), Text("报警产生", "there is an alarm")) as seen:
        seen.seen = await told.until("报警已产生")
        assert campus.alarms()[DRILL, "campus"]["is_active"]
    with stage.step(Text("叫人", "somebody is told"), Text("邮件可以打开", "a mail that one can open")) as seen:
        line = await told.until(".eml")
        mail = Path(line.rpartition("→")[2].strip())
        seen.seen = mail.name
        assert MARK in await asyncio.to_thread(mail.read_text, "utf-8")
        assert all(one.subject.startswith(f"【{MARK}】") for one in campus.told())
    with stage.step(Text("照所印的命令确认", "the printed command"), Text("报警恢复", "it is over")) as seen:
        printed = await told.until(WORDS)
        listed = command("cloud", "alarms", "--data", campus.data)
        assert MARK in listed
        words = shlex.split(printed.strip().removeprefix(WORDS))
        command(words[0], *words[1:])
        assert await told.end() == 0, told.lines
        seen.seen = told.lines[-1]
        assert (DRILL, "campus") not in campus.alarms()
    assert MARK in told.lines[0]
    assert json.loads(command("cloud", "alarms", "--json", "--data", campus.data))["alarms"] == []


SCENE = Scene(
    "drill",
    Text("报警演练", "alarm drill"),
    Text(
        "有意触发一条无害的报警：产生、邮件、确认、恢复，处处写明演练，不计入统计",
        "a harmless alarm on purpose: raised, mailed, acknowledged, over; marked everywhere, counted nowhere",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
