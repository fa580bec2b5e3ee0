"""The stream: who gets which part, what is not sent twice, and that a slow viewer gets the newest."""

import asyncio
import json
from typing import Any

from cloud.console.live.live import Live, View
from shared.errors import StoreFault
from shared.words.voice import Text

SEES, BLIND = View("zh", "all"), View("zh")


class Source:
    """Something to read, and what was rendered of it."""

    def __init__(self) -> None:
        self.value, self.rendered, self.is_gone = 1, 0, False

    def read(self) -> dict[str, Any]:
        if self.is_gone:
            raise StoreFault(Text("没有", "gone"))
        return {"value": self.value, "moved": {"books": self.value, "boxes": 0}}

    def render(self, snapshot: dict[str, Any], view: View) -> str:
        self.rendered += 1
        return f"{snapshot.get('value')} {view.language} {view.seen}"


def heard(frame: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(frame.split(b"data: ")[1])
    return found


def made(source: Source) -> Live:
    return Live(source.read, source.render, lambda: 1_000, lambda: {"alarms": 7})


def test_the_part_goes_to_who_shows_it_and_once() -> None:
    async def play() -> None:
        source = Source()
        live = made(source)
        await live.refresh()
        seeing, blind = live.frames(SEES), live.frames(BLIND)
        assert heard(await anext(seeing))["html"] == "1 zh all"
        assert "html" not in heard(await anext(blind))
        live._send()
        assert "html" not in heard(await anext(seeing))
        source.value = 2
        await live.refresh()
        live._send()
        assert heard(await anext(seeing))["html"] == "2 zh all"
        await seeing.aclose()
        await blind.aclose()
        assert live.viewers == 0

    asyncio.run(play())


def test_all_who_see_the_same_share_one_rendering() -> None:
    async def play() -> None:
        source = Source()
        live = made(source)
        await live.refresh()
        viewers = [live.frames(SEES) for _ in range(50)]
        assert {await anext(one) for one in viewers} == {await anext(live.frames(SEES))}
        assert source.rendered == 1

    asyncio.run(play())


def test_a_viewer_that_was_slow_gets_the_newest_and_its_part_too() -> None:
    async def play() -> None:
        source = Source()
        live = made(source)
        await live.refresh()
        slow = live.frames(SEES)
        await anext(slow)
        for source.value in (2, 3):
            await live.refresh()
            live._send()
        await live.refresh()
        live._send()
        assert heard(await anext(slow))["html"] == "3 zh all"

    asyncio.run(play())


def test_a_subject_has_another_mark_when_it_has_moved_and_the_same_after_a_restart() -> None:
    async def play() -> None:
        source = Source()
        live = made(source)
        await live.refresh()
        before = live.moved()
        source.value = 2
        await live.refresh()
        after = live.moved()
        assert before["books"] != after["books"]
        assert (before["boxes"], before["alarms"]) == (after["boxes"], after["alarms"])
        again = made(source)
        await again.refresh()
        assert again.moved() == after

    asyncio.run(play())


def test_a_ledger_that_is_gone_is_said_and_what_is_beside_it_goes_on() -> None:
    async def play() -> None:
        source = Source()
        live = made(source)
        await live.refresh()
        source.is_gone = True
        assert await live.refresh()
        assert (live.snapshot["stale"], live.snapshot["value"], live.snapshot["alarms"]) == (True, 1, 7)
        assert json.loads(live.fragment(SEES))["stale"] is True

    asyncio.run(play())
