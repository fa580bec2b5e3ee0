"""Lunch over 4G, Wi-Fi and a radio in a serial line: join, sell, be cut, come back; every record arrives once."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.scenes.bad_lines import CELLULAR, RADIO, WIFI, Network, Profile, Radio
from tests.scenes.campus import Campus
from tests.scenes.plans import edit
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
RATE = 3.0


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


async def _over_4g(room: Path) -> None:
    async with AsyncExitStack() as stack:
        campus, network = await _through(stack, room, CELLULAR)
        before, calls = joins(campus), network.calls
        network.forget()
        await campus.until_shown(3)  # a till needs no network to sell
        await _come_back(campus, before)
        assert network.calls > calls, "over another connection"
        assert not campus.facts("terminal-live-twice"), "the same body, and its dead connection says nothing"
        await campus.close_shop()
        require_truth(campus)


def test_lunch_over_4g_whose_nat_forgets_every_connection(room: Path) -> None:
    asyncio.run(_over_4g(room))


def _by_certificate(room: Path, name: str) -> None:
    """As a terminal whose Python has no pre-shared keys calls, or one with a secure element."""
    link = {"name": "tcp", "kind": "tcp", "plain": False, "tls": "certificate"}
    edit(room / "campus/terminals" / name / "terminal.json", link=link)


async def _over_wifi(room: Path) -> None:
    _by_certificate(room, "pos-2")
    async with AsyncExitStack() as stack:
        campus, network = await _through(stack, room, WIFI)
        for address in ("127.0.0.7", "127.0.0.8"):
            before = joins(campus)
            network.roam(address)
            await campus.until_shown(3)
            await _come_back(campus, before)
        await campus.close_shop()
        require_truth(campus)


def test_lunch_over_wifi_from_one_cell_into_the_next(room: Path) -> None:
    asyncio.run(_over_wifi(room))


async def _over_radio(room: Path) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(room, seed=93, rate=2.0))
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
        await campus.until_shown(2, "t-pos-1")
        await campus.until_status("they wait", "t-pos-1", lambda said: said["unsettled"] >= 2)
        radio.is_silent = False
        await campus.close_shop()
        require_truth(campus)


def test_lunch_on_a_slow_line_through_a_radio(radio_room: Path) -> None:
    asyncio.run(_over_radio(radio_room))
