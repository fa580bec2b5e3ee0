"""A stranger's device: a public npm client docks, is commanded, dies, and raises alarms by rules."""

import asyncio
import json
import shutil
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.plans import command
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
PROGRAM = Path(__file__).parents[1] / "strangers_device.js"
PACKAGE = "sparkplug-client@3.2.4"
"""Fetched at play, through this machine's own settings; nothing of it is ours."""
INSTALL_S, BOUND_S = 120.0, 60.0
WHO, DEVICE = "王芳", "plant/N1/boiler"
RULE = """
format = 1
[[rule]]
name = "boiler-hot"
family = "service"
grade = "important"
signal = "docked-value"
scope = "plant/*/boiler:Temperature"
when = "> 90"
clear = "< 80"
[rule.text]
title = "锅炉过热"
cause = "循环泵停"
consequence = "没有热水"
action = "到锅炉房"
"""


async def installed(folder: Path) -> Path | None:
    """The package in a folder of its own; None: this machine has no npm, or reaches no packages."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return None
    words = ("install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", str(folder))
    done = await asyncio.create_subprocess_exec(npm, *words, PACKAGE, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        async with asyncio.timeout(INSTALL_S):
            await done.communicate()
    except TimeoutError:
        done.kill()
        await done.wait()
    return folder / "node_modules" if done.returncode == 0 else None


class Device:
    """The stranger."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def begins(cls, modules: Path, port: int, secret: str) -> "Device":
        words = (str(PROGRAM), f"mqtt://127.0.0.1:{port}", "dock.boiler", secret, "plant", "N1")
        environment = {"NODE_PATH": str(modules), "PATH": "/usr/bin:/bin"}
        node = shutil.which("node") or "node"
        return cls(await asyncio.create_subprocess_exec(node, *words, stdin=PIPE, stdout=PIPE, env=environment))

    async def says(self, word: str) -> str:
        """Its next line that begins so."""
        assert self._process.stdout is not None
        async with asyncio.timeout(BOUND_S):
            while line := (await self._process.stdout.readline()).decode():
                if line.startswith(word):
                    return line.strip()
        raise AssertionError(f"it never said {word}")

    def told(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def ends(self) -> None:
        """kill -9."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


def online(campus: Campus) -> dict[str, bool]:
    told = json.loads(command("cloud", "docking", "list", "--json", "--data", campus.data))
    return {one["source"]: one["online"] for one in told["sources"]}


def metrics(campus: Campus) -> dict[str, Any]:
    told = json.loads(command("cloud", "docking", "show", DEVICE, "--json", "--data", campus.data))
    return {one["name"]: one["number"] for one in told["metrics"]}


def alarms(campus: Campus) -> set[tuple[str, str]]:
    return {key for key, one in campus.alarms().items() if one["is_active"] and "plant" in key[1]}


async def _play(stage: Stage) -> None:
    modules = await installed(stage.folder / "npm")
    stage.needs(modules, Text("取不到 npm 包 sparkplug-client", "the npm package sparkplug-client is not to be had"))
    assert modules is not None
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(stage.room(plans.on_tcp), seed=73, watched=True, docked=True))
        data = campus.data
        command("cloud", "person", "add", WHO, "--mail", "wang@school.edu.cn", "--data", data)
        (stage.folder / "rules.toml").write_text(RULE, encoding="utf-8")
        command("cloud", "rules", "push", stage.folder / "rules.toml", "--who", WHO, "--data", data)
        words = ("--group", "plant", "--node", "N1", "--who", WHO, "--data", data)
        secret = command("cloud", "docking", "add", "boiler", *words).splitlines()[2].split()[-1]
        await campus.open()
        with stage.step(
            Text("插上设备", "it is plugged in"), Text("带着指标自己出现", "it appears with metrics")
        ) as step:
            device = await Device.begins(modules, campus.where.docking_port, secret)
            stack.push_async_callback(device.ends)
            await device.says("BORN")
            await campus.until("it is shown", lambda: online(campus).get(DEVICE), BOUND_S)
            step.seen = json.dumps(metrics(campus))
            assert metrics(campus) == {"Temperature": 61.5, "Setpoint": 60.0, "Running": 1.0}
        with stage.step(Text("下命令", "a command"), Text("照办并回报", "done, and told back")) as step:
            words = (DEVICE, "Setpoint", 72, "--who", WHO, "--data", data)
            step.seen = command("cloud", "docking", "command", *words).strip()
            assert await device.says("COMMANDED") == "COMMANDED boiler Setpoint 72"
            assert metrics(campus)["Setpoint"] == 72.0
        with stage.step(Text("数值越限", "a value beyond"), Text("按规则报警", "an alarm by a rule")) as step:
            device.told("set Temperature 95")
            hot = ("boiler-hot", f"metric:{DEVICE}:Temperature")
            await campus.until("the alarm", lambda: hot in alarms(campus), BOUND_S)
            await campus.until("the message", campus.told, BOUND_S)
            step.seen = campus.told()[0].subject
            device.told("set Temperature 70")
            await campus.until("its end", lambda: not alarms(campus), BOUND_S)
        with stage.step(Text("拔掉设备", "it is pulled out"), Text("离线并报警", "unreachable, and an alarm")) as step:
            await device.ends()
            await campus.until("it is away", lambda: online(campus)[DEVICE] is False, BOUND_S)
            away = {("docked-away", "docked:plant/N1")}
            await campus.until("the alarm", lambda: alarms(campus) == away, BOUND_S)
            step.seen = "docked:plant/N1"
        with stage.step(Text("再插上", "it is back"), Text("报警恢复", "the alarm returns")):
            again = await Device.begins(modules, campus.where.docking_port, secret)
            stack.push_async_callback(again.ends)
            await campus.until("it is there", lambda: online(campus)[DEVICE] and not alarms(campus), BOUND_S)
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")):
            await campus.close_shop(BOUND_S)
            require_truth(campus)


SCENE = Scene(
    "strangers-device",
    Text("陌生设备", "stranger's device"),
    Text(
        "公开的 npm 客户端接上来：自己出现、听命令、离线可知、按规则报警，不写代码",
        "a public npm client is plugged in: it appears, obeys, is known to be away, and raises an alarm by a rule",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
