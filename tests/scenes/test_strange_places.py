"""Bodies, boxes, PSAMs and clocks that are not where they belong: the card side posts, the rest waits or is refused."""

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from cloud.ledger.books.entry import EntryFlag
from cloud.ledger.records.dates import day_of
from shared.clocks.campus_clock import WALL
from tests.scenes.campus import Campus
from tests.scenes.plans import edit
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process


async def _another_box(room: Path) -> None:
    """No tap is torn, nor cut by the kill: what proves nothing waits until the move is told, and drains no sooner."""
    async with Campus(room, seed=71, tear=0) as campus:
        await campus.open()
        await campus.until_shown(5, "t-pos-1")
        campus.send("t-pos-1", signal.SIGUSR1)
        await campus.until_status("it has stopped", "t-pos-1", lambda said: said["drained"])
        await campus.kill("t-pos-1", "edge-annex")
        home, away = (campus.data / "boxes" / box / "edge.json" for box in ("canteen", "annex"))
        body = next(row for row in json.loads(home.read_text())["terminals"] if row["name"] == "pos-1")
        edit(away, terminals=[*json.loads(away.read_text())["terminals"], body])
        campus.reach("t-pos-1", campus.where.ports["canteen"], campus.where.ports["annex"])
        await campus.start("edge-annex", "t-pos-1")
        await campus.until_shown(10, "t-pos-1")
        await campus.until_told("record-held", "epoch-refused")
        await campus.until_shown(5, "t-pos-2")
        await campus.close_shop()
        view = require_truth(campus, held=None)
        assert view.held >= 10, "the card side is posted, the merchant side is held"
        boxes = campus.asked("SELECT DISTINCT box FROM record WHERE verdict = 2")
        assert boxes == [("annex",)]


def test_another_boxs_device(two_room: Path) -> None:
    asyncio.run(_another_box(two_room))


async def _psams_swapped(room: Path) -> None:
    async with Campus(room, seed=72) as campus:
        await campus.open()
        await campus.until_shown(5, "t-pos-1")
        await campus.until_shown(5, "t-pos-2")
        await campus.kill("edge-canteen")
        await campus.until_shown(3, "t-pos-1")
        await campus.until_shown(3, "t-pos-2")
        await campus.kill("t-pos-1", "t-pos-2")
        shown = campus.shown("t-pos-1", "t-pos-2")
        _swap(campus)
        await campus.start("edge-canteen", "t-pos-1", "t-pos-2")
        for name in ("t-pos-1", "t-pos-2"):
            await campus.until_status("refused and drained", name, _refused_and_drained)
            assert (campus.status(name)["selling"], campus.status(name)["why"]) == (False, "no-epoch")
        await campus.until_shown(5, "t-pos-3")
        assert campus.shown("t-pos-1", "t-pos-2") == shown, "neither has sold"
        assert any(("reason", "psam-moved") in told for _, told in campus.facts("epoch-refused"))
        await campus.kill("t-pos-1", "t-pos-2")
        _swap(campus)
        await campus.start("t-pos-1", "t-pos-2")
        await campus.until_shown(5, "t-pos-1")
        await campus.close_shop()
        require_truth(campus)


def _refused_and_drained(said: dict[str, Any]) -> bool:
    return bool(said.get("refused")) and said["unsettled"] == 0


def _swap(campus: Campus) -> None:
    first, second = (campus.data / "terminals" / name / "psam.bin" for name in ("pos-1", "pos-2"))
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


def test_psams_moved_to_other_bodies(room: Path) -> None:
    asyncio.run(_psams_swapped(room))


async def _year_2000(room: Path) -> None:
    today = day_of(WALL.at(time.time()))
    async with Campus(room, seed=73) as campus:
        await campus.open()
        await campus.until_shown(5, "t-pos-1")
        await campus.kill("edge-canteen", "t-pos-1")
        campus.say("t-pos-1", "--clock-unset")
        await campus.start("t-pos-1")
        await campus.until_shown(10, "t-pos-1")
        await campus.start("edge-canteen")
        await campus.until_shown(10, "t-pos-1")
        await campus.close_shop()
        require_truth(campus)
        doubtful = campus.asked(
            "SELECT e.effective_day, substr(r.stored, 1, 6) FROM entry e JOIN record r ON r.id = e.record "
            "WHERE e.flags & ?", int(EntryFlag.TIME_DOUBTFUL),
        )  # fmt: skip
        assert len(doubtful) >= 10
        assert len({device for _, device in doubtful}) == 1, "only this terminal's"
        assert {day for day, _ in doubtful} <= {today, today + 1}
        assert campus.facts("time-doubtful")
        assert campus.asked("SELECT count(*) FROM entry WHERE effective_day < ?", today - 1) == [(0,)]


def test_clock_at_2000_01_01(room: Path) -> None:
    asyncio.run(_year_2000(room))
