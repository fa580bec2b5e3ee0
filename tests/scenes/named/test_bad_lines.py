"""Lunch over 4G, Wi-Fi and a radio in a serial line: join, sell, be cut, come back; every record arrives once."""

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.bad_lines import CELLULAR, RADIO, WIFI, Network, Profile, Radio
from tests.scenes.campus import Campus
from tests.scenes.plans import edit
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
RATE = 3.0
AWAY = ("127.0.0.7", "127.0.0.8")
"""As whom a terminal that roams calls next."""


def joins(campus: Campus) -> dict[str, int]:
    return {name: campus.status(name).get("joins", 0) for name in campus.bodies}


async def _through(stack: AsyncExitStack, room: Path, profile: Profile) -> tuple[Campus, Network]:
    """A campus whose terminals are all behind one such network, and have sold over it."""
    campus = await stack.enter_async_context(Campus(room, seed=91, rate=RATE))
    (port,) = campus.where.ports.values()
    network = await stack.enter_async_context(Network(port, profile))
    for name in campus.bodies:
        campus.reach(name, port, network.port)
    await campus.open()
    await campus.until_posted(6)
    await _all_may_sell(campus)
    return campus, network


async def _all_may_sell(campus: Campus) -> None:
    await campus.until("all may sell", lambda: all(campus.status(name).get("epoch") for name in campus.bodies))


async def _come_back(campus: Campus, before: dict[str, int]) -> None:
    await campus.until("all have joined again", lambda: all(n > before[name] for name, n in joins(campus).items()))


async def _over_4g(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        campus, network = await _through(stack, stage.room(plans.on_tcp), CELLULAR)
        before, calls = joins(campus), network.calls
        network.forget()
        with stage.step(
            Text("4G：NAT 忘了所有连接", "4G: the NAT forgets every connection"),
            Text("照卖，自己重连", "sells on, calls again"),
        ) as step:
            await campus.until_shown(3)  # a till needs no network to sell
            await _come_back(campus, before)
            step.seen = Text(f"新连接 {network.calls - calls}", f"{network.calls - calls} new connections")
            assert network.calls > calls, "over another connection"
            assert not campus.facts("terminal-live-twice"), "the same body, and its dead connection says nothing"
        await _closed(stage, campus)


def _by_certificate(room: Path, name: str) -> None:
    """As a terminal whose Python has no pre-shared keys calls, or one with a secure element."""
    link = {"name": "tcp", "kind": "tcp", "plain": False, "tls": "certificate"}
    edit(room / "campus/terminals" / name / "terminal.json", link=link)


async def _over_wifi(stage: Stage) -> None:
    room = stage.room(plans.on_tcp)
    _by_certificate(room, "pos-2")
    async with AsyncExitStack() as stack:
        campus, network = await _through(stack, room, WIFI)
        with stage.step(Text("Wi-Fi：漫游两次", "Wi-Fi: roams twice"), Text("每台重新入网", "each joins again")):
            for address in AWAY:
                before = joins(campus)
                network.roam(address)
                await campus.until_shown(3)
                await _come_back(campus, before)
        await _closed(stage, campus)


async def _over_radio(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(stage.room(plans.through_a_radio), seed=93, rate=2.0))
        await campus.start("broker", "keys", "ingest", "bus-canteen-line0")
        master = campus.run / "canteen-line0" / "master"
        radio = await stack.enter_async_context(Radio(master, RADIO))
        edge = campus.parts["edge-canteen"]
        argv = tuple(word.replace(str(master), radio.box) for word in edge.argv)
        assert argv != edge.argv
        campus.parts["edge-canteen"] = replace(edge, argv=argv)
        await campus.start("edge-canteen", *campus.bodies)
        await _all_may_sell(campus)
        await campus.until_shown(2, "t-pos-1")
        radio.is_silent = True
        with stage.step(
            Text("Zigbee：无线模块静默", "Zigbee: the radio falls silent"),
            Text("照卖，记录等着", "sells on, records wait"),
        ):
            await campus.until_shown(2, "t-pos-1")
            await campus.until_status("they wait", "t-pos-1", lambda said: said["unsettled"] >= 2)
        radio.is_silent = False
        await _closed(stage, campus)


async def _closed(stage: Stage, campus: Campus) -> None:
    with stage.step(
        Text("收市", "the day is closed"), Text("每条记录只到一次，账目属实", "each record once, true books")
    ) as step:
        await campus.close_shop()
        posted = require_truth(campus).posted
        step.seen = Text(f"{posted} 笔入账", f"{posted} posted")


async def _play(stage: Stage) -> None:
    stage.needs(all(map(_is_ours, AWAY)), Text(f"本机没有 {AWAY[0]}", f"{AWAY[0]} is no address of this machine"))
    await _over_4g(stage)
    await _over_wifi(stage)
    await _over_radio(stage)


def _is_ours(address: str) -> bool:
    with closing(socket.socket()) as one:
        try:
            one.bind((address, 0))
        except OSError:
            return False
    return True


SCENE = Scene(
    "bad-lines",
    Text("4G、Wi-Fi、Zigbee 上的午餐", "lunch over 4G, Wi-Fi and Zigbee"),
    Text(
        "三种坏线路各吃一顿午饭：入网、收款、断线、回来，每条记录只到一次",
        "three bad lines, a lunch over each: join, sell, be cut, come back; every record arrives once",
    ),
    _play,
)


def test_lunch_over_4g_wifi_and_a_radio(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
