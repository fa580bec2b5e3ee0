"""A box dies and nobody answers: the next is told; one SMS of the right phone pauses it, and nothing else does."""

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.people.replies import wrong_codes
from cloud.watch.store import open_watch
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.scene import Scene, Stage
from tests.scenes.ways import DEAD_BOX, Gateway, is_past, push, staff, ways

pytestmark = [pytest.mark.process, pytest.mark.large]
SLEEPER, HEAD = "王芳", "主任"
PEOPLE = {SLEEPER: ("13800138000", ""), HEAD: ("13900139000", "head@school.edu.cn")}
STRANGER = "13700137000"
THEN_S, LAST_S, BOUND_S = 12, 30, 60.0
"""An escalation of 12 s in the place of a quarter of an hour, and one after the answer that must not come."""
POLICY = f"""format = 1
[[route]]
name = "all"
wakes = true
[[route.step]]
to = ["{SLEEPER}"]
by = ["sms"]
[[route.step]]
after = "{THEN_S}s"
to = ["{HEAD}"]
by = ["sms"]
[[route.step]]
after = "{LAST_S}s"
to = ["{HEAD}"]
by = ["mail"]
"""


def to(campus: Campus, name: str) -> list[Message]:
    return [one for one in campus.told() if one.person == name]


def code_of(text: str) -> str:
    found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
    assert found, text
    return found[0]


def wrong(campus: Campus) -> int:
    store = open_watch(campus.ledger.parent)
    with store.db.reading():
        found = wrong_codes(store.db, int(time.time() * 1000))
    store.close()
    return found


def taken_by(campus: Campus) -> set[str]:
    return {str(one["taken_by"]) for (rule, _), one in campus.alarms().items() if rule == "box-dead"}


async def _answers(stage: Stage, campus: Campus, gateway: Gateway) -> None:
    code = code_of(next(text for number, text in gateway.all_taken() if number == PEOPLE[HEAD][0]))
    what = Text("谁也没有接单，都记数", "nobody has taken it, each is counted")
    with stage.step(Text("别的手机、错的码来回复", "other phones and a wrong code answer"), what) as step:
        for phone, text in ((STRANGER, code), (PEOPLE[SLEEPER][0], f"{code} 接单"), (PEOPLE[HEAD][0], "000000")):
            gateway.answer(phone, text)
        await campus.until("they are counted", lambda: wrong(campus) == 3)
        step.seen = Text(f"错码 {wrong(campus)} 次", f"{wrong(campus)} wrong codes")
        assert taken_by(campus) == {""}
    with stage.step(Text("主任回复验证码", "the head answers with the code"), Text("已接单", "taken")):
        gateway.answer(PEOPLE[HEAD][0], f"{code} 接单")
        await campus.until("it is taken", lambda: taken_by(campus) == {HEAD})
    with stage.step(
        Text("同一个码再用一次", "the same code once more"), Text("无效，记数", "does nothing, is counted")
    ):
        gateway.answer(PEOPLE[HEAD][0], code)
        await campus.until("it is counted", lambda: wrong(campus) == 4)


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(stage.room(plans.on_tcp), seed=81, watched=True))
        _, gateway = stack.enter_context(ways(campus))
        (box,) = campus.boxes
        await asyncio.to_thread(staff, campus, PEOPLE)
        await asyncio.to_thread(push, campus, "notify", POLICY, HEAD)
        await asyncio.to_thread(push, campus, "rules", DEAD_BOX, HEAD)
        await campus.open(*campus.bodies)
        with stage.step(Text("网关死了", "the box dies"), Text("值班的王芳收到短信", "the one on duty gets an SMS")):
            await campus.kill(box)
            await campus.until("an SMS to her", lambda: bool(to(campus, SLEEPER)), BOUND_S)
            await campus.until("it arrives", lambda: to(campus, SLEEPER)[0].state is State.ARRIVED)
        with stage.step(
            Text("她睡着了", "she is asleep"), Text(f"{THEN_S} 秒后主任收到", f"after {THEN_S} s the head is told")
        ) as step:
            await campus.until("the next step", lambda: bool(to(campus, HEAD)), BOUND_S)
            await campus.until("it arrives", lambda: to(campus, HEAD)[0].state is State.ARRIVED)
            (told,) = to(campus, HEAD)
            step.seen = Text(told.subject, told.subject)
            assert (told.why, told.channel) == (Why.ESCALATION, Channel.SMS)
        await _answers(stage, campus, gateway)
        with stage.step(
            Text("下一步的时刻过了", "the time of the next step goes by"), Text("不再升级", "it goes no further")
        ) as step:
            due_ms = min(one.made_ms for one in to(campus, SLEEPER)) + LAST_S * 1000
            await campus.until("its time is past", is_past(due_ms + 2000, time.time), BOUND_S)
            step.seen = Text(f"共 {len(campus.told())} 条", f"{len(campus.told())} messages in all")
            assert [one.channel for one in to(campus, HEAD)] == [Channel.SMS]
        with stage.step(Text("网关回来", "the box is back"), Text("两人都得知", "both are told that it is over")):
            await campus.start(box)
            await campus.until("both are told", lambda: _over(campus) == {SLEEPER, HEAD}, BOUND_S)


def _over(campus: Campus) -> set[str]:
    return {one.person for one in campus.told() if one.why is Why.RETURNED and one.state is State.ARRIVED}


SCENE = Scene(
    "operator-asleep",
    Text("值班的人睡着了", "the operator is asleep"),
    Text(
        "无人接单：升级到下一人；只有正确的手机回正确的码才算接单，码只用一次",
        "nobody answers: the next is told; only the right phone with the right code takes it, once",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
