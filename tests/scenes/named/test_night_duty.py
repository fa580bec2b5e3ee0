"""A box dies at night: an SMS to whoever is on duty, the console on her phone, acknowledged; all see who has it."""

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Page, expect

from cloud.console.access.rights import Role
from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.terms import Why
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.scene import Scene, Stage
from tests.scenes.screens import PHONE, Screens, fits, sign_in
from tests.scenes.ways import DEAD_BOX, Gateway, is_past, push, staff, ways

pytestmark = [pytest.mark.process, pytest.mark.browser, pytest.mark.large]
ON_DUTY, AT_HOME, HEAD = "王芳", "李明", "主任"
PEOPLE = {ON_DUTY: ("13800138000", ""), AT_HOME: ("13700137000", ""), HEAD: ("13900139000", "")}
NIGHT_S = 2 * 3600
THEN_S, BOUND_S = 30, 90.0
"""An escalation in the place of a quarter of an hour: time for her to wake, sign in and look."""
POLICY = f"""format = 1
[night]
from = "22:00"
until = "06:30"
[[shift]]
name = "夜班"
from = "22:00"
until = "07:00"
persons = ["{ON_DUTY}"]
[[shift]]
name = "白班"
from = "07:00"
until = "22:00"
persons = ["{AT_HOME}"]
[[route]]
name = "urgent"
wakes = true
grades = ["urgent"]
[[route.step]]
to = ["duty"]
by = ["sms"]
[[route.step]]
after = "{THEN_S}s"
to = ["{HEAD}"]
by = ["sms"]
"""
NOTE = "在路上，去看电源"


def at_night() -> str:
    """A clock on which it is two o'clock at night."""
    now = time.time()
    return f"{WALL.at(now) // DAY_S * DAY_S + NIGHT_S}:{now}:1"


def to(campus: Campus, name: str) -> list[Message]:
    return [one for one in campus.told() if one.person == name]


def link_in(text: str, address: str) -> str:
    """Where an SMS leads to: its own link, or the list of alarms where it has none."""
    found = re.search(r"https?://\S+", text)
    return found[0] if found else f"{address}alarms"


async def _wakes(stage: Stage, campus: Campus, gateway: Gateway) -> str:
    """What stands on her phone."""
    (box,) = campus.boxes
    with stage.step(
        Text("两点，网关死了", "two o'clock, the box dies"), Text("只有值班的收到短信", "one SMS, to her")
    ) as step:
        await campus.kill(box)
        await campus.until("an SMS to her", lambda: bool(to(campus, ON_DUTY)), BOUND_S)
        await campus.until("it arrives", lambda: to(campus, ON_DUTY)[0].state is State.ARRIVED, BOUND_S)
        ((number, said),) = gateway.all_taken()
        step.seen = said
        assert number == PEOPLE[ON_DUTY][0], number
        return said


async def _answers(stage: Stage, screens: Screens, page: Page, said: str) -> None:
    phone = page
    with stage.step(
        Text("她在手机上打开、登录", "she opens it on her phone and signs in"),
        Text("登录后到报警，不横向滚动", "behind the sign-in is the alarm; nothing scrolls sideways"),
    ) as step:
        await phone.goto(link_in(said, screens.address))
        await sign_in(phone, ON_DUTY)
        if await phone.locator("tbody").count():
            await phone.get_by_role("link", name="网关没有声音").first.click()
        await expect(phone.locator("h1")).to_contain_text("网关没有声音")
        await expect(phone.locator("main")).to_contain_text("去看")
        step.seen = await fits(phone)
    with stage.step(
        Text("确认，写一句话", "she acknowledges, with a note"), Text("页上是她的名字", "her name stands there")
    ):
        await phone.locator("#note").fill(NOTE)
        await phone.get_by_role("button", name="确认", exact=True).click()
        await expect(phone.locator(".doings")).to_contain_text(NOTE)
        await expect(phone.locator(".doings")).to_contain_text(ON_DUTY)


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        room = stage.room(plans.three_tills)
        campus = await stack.enter_async_context(Campus(room, seed=92, clock=at_night(), watched=True, shown=True))
        screens = await stack.enter_async_context(Screens(stage, campus))
        _, gateway = stack.enter_context(ways(campus))
        await asyncio.to_thread(staff, campus, PEOPLE)
        await asyncio.to_thread(push, campus, "notify", POLICY, HEAD)
        await asyncio.to_thread(push, campus, "rules", DEAD_BOX, HEAD)
        await campus.open(*campus.bodies)
        head = await screens.person(HEAD, Role.OPERATIONS)
        phone = await screens.person(ON_DUTY, Role.DUTY, PHONE)
        await phone.context.clear_cookies()
        said = await _wakes(stage, campus, gateway)
        await head.get_by_role("link", name="报警中心", exact=True).first.click()
        await expect(head.locator("tbody tr", has_text="网关没有声音")).to_be_visible()
        await _answers(stage, screens, phone, said)
        with stage.step(
            Text("主任的屏幕开着", "the head has the list open"),
            Text("不刷新就看到已由她确认", "sees without a reload that she has it"),
        ) as step:
            await expect(head.locator("tbody tr", has_text="网关没有声音")).to_contain_text("已确认")
            (one,) = [one for (rule, _), one in campus.alarms().items() if rule == "box-dead"]
            step.seen = str(one["acked_by"])
            assert step.seen == ON_DUTY
        with stage.step(
            Text("下一步的时刻过了", "the time of the next step goes by"), Text("不再叫主任", "the head is let sleep")
        ) as step:
            due_ms = to(campus, ON_DUTY)[0].made_ms + THEN_S * 1000
            await campus.until("its time is past", is_past(due_ms + 3000, time.time), BOUND_S)
            step.seen = Text(f"共 {len(campus.told())} 条", f"{len(campus.told())} in all")
            assert not to(campus, HEAD)
        await _back(stage, campus, screens, phone)


async def _back(stage: Stage, campus: Campus, screens: Screens, phone: Page) -> None:
    """Who has acknowledged it knows, and is let sleep."""
    with stage.step(
        Text("网关回来", "the box is back"),
        Text("她的页上已恢复，不再发短信", "her page says so, and no SMS wakes her"),
    ) as step:
        await campus.start(*campus.boxes)
        await expect(phone.locator("#fresh")).to_contain_text(re.compile("已恢复|已结束"))
        await campus.until("it is over", lambda: not any(rule == "box-dead" for rule, _ in campus.alarms()), BOUND_S)
        step.seen = Text(f"共 {len(campus.told())} 条", f"{len(campus.told())} in all")
        assert [one.why for one in campus.told()] == [Why.CALL]
        screens.require_quiet()


SCENE = Scene(
    "night-duty",
    Text("夜里值班", "night duty"),
    Text(
        "凌晨网关死了：值班的人收到短信，在手机上打开、确认；主任的屏幕上看到，不再升级",
        "a box dies at two at night: an SMS to the one on duty, opened and acknowledged on a phone; it goes no further",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
