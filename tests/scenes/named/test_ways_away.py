"""Mail server and SMS gateway away for three days, the watch killed meanwhile: nothing is lost, nobody is flooded.

A day is ten seconds here, by the school's own `[patience]`: no clock is turned.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from cloud.watch.notify.queue import State
from cloud.watch.notify.terms import Channel
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.plans import command
from tests.scenes.scene import Scene, Stage
from tests.scenes.ways import Gateway, Post, push, staff, ways

pytestmark = [pytest.mark.process, pytest.mark.large]
PEOPLE = {"王芳": ("13800138000", "wang@school.edu.cn"), "李明": ("13900139000", "")}
DAY_S, ALARMS, EVERY_S, BOUND_S = 10, 10, 2, 60.0
FLOOD = 5
"""Most messages to one address when its way is back."""
PATIENCE = {"longest": "1s", "fallback": "2s", "given_up": f"{DAY_S}s", "late": "2s"}
POLICY = """format = 1
per_ten_minutes = 1000
[[route]]
name = "all"
wakes = true
tells_return = false
[[route.step]]
to = ["王芳", "李明"]
by = ["sms", "mail"]
"""
_RULE = """[[rule]]
name = "trial-{n}"
family = "service"
grade = "general"
signal = "memory-free"
when = "< 101"
for = "{for_s}s"
[rule.text]
title = "演练 {n}"
cause = "演练"
consequence = "无"
action = "无"
"""
RULES = "format = 1\n" + "".join(_RULE.format(n=n, for_s=2 + n * EVERY_S) for n in range(ALARMS))
TOLD = frozenset({State.SENT, State.ARRIVED})
ADDRESSES = (("王芳", Channel.SMS), ("王芳", Channel.MAIL), ("李明", Channel.SMS))


def raised(campus: Campus) -> set[str]:
    return {rule for rule, _ in campus.alarms() if rule.startswith("trial-")}


def told(campus: Campus) -> dict[tuple[str, Channel], set[str]]:
    """Of which alarms each was told, by each way."""
    found: dict[tuple[str, Channel], set[str]] = {where: set() for where in ADDRESSES}
    for one in campus.told():
        if one.state in TOLD:
            found[one.person, one.channel] |= {key.rule for key in one.keys if key.rule.startswith("trial-")}
    return found


def has_waited(campus: Campus) -> bool:
    """Has each way given up single messages for lines of a digest?"""
    waits = campus.told()
    joined = {(one.person, one.channel) for one in waits if one.state is State.JOINED}
    every = {key.rule for one in waits for key in one.keys}
    return joined == set(ADDRESSES) and raised(campus) <= every


async def _both_work(stage: Stage, campus: Campus) -> None:
    with stage.step(
        Text("试发短信与邮件", "a trial by SMS and by mail"), Text("都有回执", "of both there is a receipt")
    ):
        for way in ("sms", "mail"):
            said = await asyncio.to_thread(
                command, "cloud", "notify", "test", "王芳", "--by", way, "--who", "王芳", "--data", campus.data
            )
            assert ("● 已送达" if way == "sms" else "[250]") in said, said


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(stage.room(plans.on_tcp), seed=82, watched=True))
        post, gateway = stack.enter_context(ways(campus, **PATIENCE))
        await asyncio.to_thread(staff, campus, PEOPLE)
        await asyncio.to_thread(push, campus, "notify", POLICY, "王芳")
        await campus.start("broker", "keys", "ingest", "watch")
        await _both_work(stage, campus)
        sms, mails = len(gateway.all_taken()), len(post.taken)
        post.close()
        gateway.close()
        with stage.step(
            Text("两路都断，报警一条条来", "both are away, alarms come one by one"),
            Text("都在等；中途杀死值守也不丢", "all wait, also when the watch is killed"),
        ) as step:
            await asyncio.to_thread(push, campus, "rules", RULES, "王芳")
            await campus.until("half of them", lambda: len(raised(campus)) >= ALARMS // 2, BOUND_S)
            await campus.kill("watch")
            await campus.start("watch")
            await campus.until("all of them", lambda: len(raised(campus)) == ALARMS, BOUND_S)
            await campus.until("days go by", lambda: has_waited(campus), BOUND_S)
            step.seen = Text(f"{len(raised(campus))} 条报警", f"{len(raised(campus))} alarms")
            assert not any(told(campus).values())
        await _they_are_back(stage, campus, post, gateway, sms, mails)


async def _they_are_back(
    stage: Stage, campus: Campus, post: Post, gateway: Gateway, sms: int, mails: int
) -> None:  # fmt: skip
    few = Text(f"每条都告知，每个地址至多 {FLOOD} 条", f"each is told, at most {FLOOD} messages to an address")
    with stage.step(Text("两路恢复", "both are back"), few) as step:
        post.open()
        gateway.open()
        every = raised(campus)
        await campus.until("all is told", lambda: all(found == every for found in told(campus).values()), BOUND_S)
        await campus.until("none waits", lambda: State.WAITING not in {one.state for one in campus.told()}, BOUND_S)
        found = Counter(number for number, _ in gateway.all_taken()[sms:])
        step.seen = Text(
            f"短信 {dict(found)}，邮件 {len(post.taken) - mails}", f"{dict(found)}, {len(post.taken) - mails} mails"
        )
        assert max(found.values()) <= FLOOD, found
        assert len(post.taken) - mails <= FLOOD
        assert all(len(text) <= 70 for _, text in gateway.all_taken())


SCENE = Scene(
    "ways-away",
    Text("邮件与短信断了三天", "mail and SMS away for three days"),
    Text(
        "两路都断，值守被杀一次；恢复后每条报警都告知，且不刷屏",
        "both ways are away and the watch is killed once; when they are back each alarm is told, and nobody is flooded",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
