"""The line to the platform is cut at lunch: one alarm with its cause, one message; nobody is refused, nothing lost."""

from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from cloud.watch.notify.terms import Why
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.plans import command
from tests.scenes.relay import Relay
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
SALES = 60
"""成功 that are shown while the line is cut: some per till, enough to last beyond the alarm."""
BOUND_S = 90.0


def calling(campus: Campus) -> list[tuple[str, str]]:
    """Alarms that call a person, each by rule and source."""
    quiet = ("shelved_until_ms", "suppressed_by", "stopped_by", "is_acked")
    alarms = campus.alarms()
    return [key for key, one in alarms.items() if one["is_active"] and not any(one[name] for name in quiet)]


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(stage.room(plans.on_tcp), seed=71, watched=True))
        line = await stack.enter_async_context(Relay(campus.where.broker_port))
        (box,) = campus.boxes
        campus.reach(box, campus.where.broker_port, line.port)
        where = f"box:{box.removeprefix('edge-')}"
        command("cloud", "person", "add", "王芳", "--mail", "wang@school.edu.cn", "--data", campus.data)
        await campus.open()
        await campus.until_posted(len(campus.bodies))
        with stage.step(Text("中午断线", "the line is cut at lunch"), Text("照卖", "all sell on")) as step:
            line.swallowing = True
            await campus.until_shown(SALES)
            step.seen = Text(f"断线中 {SALES} 笔", f"{SALES} sales meanwhile")
        one = Text("一条报警：网关失联；终端的都归于它", "one alarm: the box is not heard; it explains the others")
        with stage.step(Text("谁被叫到", "what calls a person"), one) as step:
            await campus.until("the alarm", lambda: ("box-silent", where) in campus.alarms(), BOUND_S)
            await campus.until("the message", campus.told)
            step.seen = Text(f"{len(calling(campus))} 条", f"{len(calling(campus))}")
            assert calling(campus) == [("box-silent", where)], calling(campus)
        with stage.step(
            Text("恢复", "the line is back"), Text("报警恢复，只发过两封", "it returns; two mails in all")
        ) as step:
            line.swallowing = False
            await line.cut()
            await campus.until("the end of it", lambda: not calling(campus), BOUND_S)
            await campus.until("its message", lambda: [one.why for one in campus.told()] == [Why.CALL, Why.RETURNED])
            step.seen = Text(f"{len(campus.told())} 封", f"{len(campus.told())} mails")
        with stage.step(
            Text("收市", "the day is closed"), Text("账目属实，无一遗漏", "the books are true, nothing is lost")
        ):
            await campus.close_shop(BOUND_S)
            require_truth(campus)


SCENE = Scene(
    "wan-cut",
    Text("中午断网", "WAN cut at lunch"),
    Text(
        "网关与中心断开：各窗口照卖，只叫人一次，恢复后补齐",
        "the box loses the platform: every till sells on, one call to a person, all is caught up",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
