"""A switch with ten terminals behind it fails: one alarm that names it, the ten beneath it, and calm by itself."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from cloud.watch.notify.terms import Why
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.plans import BOX, command
from tests.scenes.relay import Relay
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
TEN = 10
SALES = 40
"""成功 that are shown while the switch is off."""
BOUND_S = 120.0
SWITCH, TITLE = "group:canteen-sw", "交换机 一食堂 A"
GROUPS = f"""format = 1
[[group]]
name = "canteen-sw"
shares = "switch"
title = "一食堂 A"
terminals = [{", ".join(f'"pos-{n}"' for n in range(1, TEN + 1))}]
least = 6
"""


def calling(campus: Campus) -> list[tuple[str, str]]:
    """Alarms that call a person, each by rule and source."""
    quiet = ("shelved_until_ms", "suppressed_by", "stopped_by", "is_acked")
    alarms = campus.alarms()
    return [key for key, one in alarms.items() if one["is_active"] and not any(one[name] for name in quiet)]


def beneath(campus: Campus) -> int:
    """Alarms of terminals that the group's explains."""
    cause = f"group-away {SWITCH}"
    return sum(one["is_active"] and one["suppressed_by"] == cause for one in campus.alarms().values())


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        room = stage.room(plans.ten_behind_a_switch)
        campus = await stack.enter_async_context(Campus(room, seed=71, watched=True))
        port = campus.where.ports[BOX]
        switch = await stack.enter_async_context(Relay(port))
        for n in range(1, TEN + 1):
            campus.reach(f"t-pos-{n}", port, switch.port)
        _name_it(campus, room)
        await campus.open()
        for name in campus.bodies:
            await campus.until_status("it is heard in the ledger", name, lambda said: said["settled"] > 0)
        with stage.step(Text("交换机断电", "the switch fails"), Text("照卖", "all sell on")) as step:
            switch.swallowing = True
            await campus.until_shown(SALES)
            step.seen = Text(f"断线中 {SALES} 笔", f"{SALES} sales meanwhile")
        one = Text("一条报警：很可能是交换机；十台归于它", "one alarm: most likely the switch; it explains the ten")
        with stage.step(Text("谁被叫到", "what calls a person"), one) as step:
            await campus.until("the ten beneath it", lambda: beneath(campus) == TEN, BOUND_S)
            await campus.until("the message", campus.told)
            step.seen = Text(f"{len(calling(campus))} 条，含 {beneath(campus)} 台", f"1, it explains {beneath(campus)}")
            assert calling(campus) == [("group-away", SWITCH)], calling(campus)
            assert TITLE in campus.told()[0].text, campus.told()[0].text
            assert f"很可能是{TITLE}" in command("cloud", "alarms", "--data", campus.data)
        with stage.step(
            Text("恢复", "the switch is back"), Text("自行平静，只发过两封", "calm by itself; two mails in all")
        ) as step:
            switch.swallowing = False
            await switch.cut()
            await campus.until("the end of it", lambda: not calling(campus) and not beneath(campus), BOUND_S)
            await campus.until("its message", lambda: [one.why for one in campus.told()] == [Why.CALL, Why.RETURNED])
            step.seen = Text(f"{len(campus.told())} 封", f"{len(campus.told())} mails")
            assert {rule for rule, _ in campus.alarms()} == {"group-away"}, "only what somebody should have seen"
        with stage.step(
            Text("收市", "the day is closed"), Text("账目属实，无一遗漏", "the books are true, nothing is lost")
        ):
            await campus.close_shop(BOUND_S)
            require_truth(campus)


def _name_it(campus: Campus, room: Path) -> None:
    """A person who is told, and the switch by its name."""
    file = room / "groups.toml"
    file.write_text(GROUPS, encoding="utf-8")
    command("cloud", "person", "add", "王芳", "--mail", "wang@school.edu.cn", "--data", campus.data)
    command("cloud", "groups", "push", file, "--who", "王芳", "--data", campus.data)


SCENE = Scene(
    "ten-behind-a-switch",
    Text("十台终端在一个交换机后", "ten terminals behind a switch"),
    Text(
        "交换机断电：各窗口照卖，只有一条报警，说出交换机，恢复后自行平静",
        "the switch fails: every till sells on, one alarm that names it, calm by itself when it is back",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
