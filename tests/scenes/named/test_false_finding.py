"""A false finding at lunch: a till tells one purchase twice. Nobody is hungry: lunch goes on as it was, dinner is one
meal, and it ends when a person undoes it."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S
from shared.fleet.document import DocumentKind
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.copies import Copy, Played, findings, found_ms, used_ms
from tests.scenes.plans import BOX, command, in_plain
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
LABEL, REPLAY = "0002", 2
HERE = "t-pos-1"
MUCH_FEN, LITTLE_FEN = 1_600, 100
BEFORE_S = 40
"""Lunch ends so long after the scene's beginning."""
PLAYED_S = 240
PAID, CAPPED = "done 成功", "declined 本卡每餐限"


def meals(from_s: int) -> Iterator[dict[str, Any]]:
    """By turns more than a meal, and little."""
    fen = (MUCH_FEN, LITTLE_FEN)
    return ({"card": LABEL, "amount_fen": fen[n % 2], "at": from_s + 4 * n} for n in range(PLAYED_S // 4))


async def _play(stage: Stage) -> None:
    room = in_plain(stage.room(plans.ten_behind_a_switch))
    now = time.time()
    begins_s = WALL.at(now) // DAY_S * DAY_S + _next_meal_s(room) - BEFORE_S
    async with Campus(room, seed=18, tear=0.0, clock=f"{begins_s}:{now}:1") as campus:
        card, played = Copy(campus.data, LABEL), Played(campus, BOX, "pos-2")
        played.buys(card, 300, begins_s, times=2)
        card.keep()
        for n in range(3, 12):
            campus.plays(f"t-pos-{n}", ())
        campus.plays(HERE, meals(begins_s + 6))
        await campus.open()
        with stage.step(
            Text("一台把一笔报了两次：误报", "a till tells one purchase twice: a false finding"),
            Text("限餐，不拒卡", "a cap, and no refusal"),
        ):
            await played.tells()
            await campus.until("it is found", lambda: found_ms(campus, REPLAY))
            (one,) = findings(campus)
            assert (one["caps"], one["refuses"]) == (True, False), one
            at_ms = found_ms(campus, REPLAY)
            await campus.until("each uses the list", lambda: used_ms(campus, DocumentKind.CAPPED, at_ms, 10), 60.0)
        with stage.step(Text("午餐照旧", "lunch goes on as it was"), Text("没有一次被限", "not capped once")) as step:
            count = len(campus.displays[HERE])
            await campus.until("it pays much", lambda: _since(campus, count, PAID) >= 2, 30.0)
            assert not _since(campus, 0, CAPPED)
            step.seen = Text(f"成功 {_since(campus, 0, PAID)} 笔", f"paid {_since(campus, 0, PAID)} times")
        one_meal = Text("多的拒，少的成", "much is refused, little paid")
        with stage.step(Text("下一餐起每餐一份", "one meal in the next period"), one_meal):
            await campus.until("it is capped", lambda: _since(campus, 0, CAPPED), 90.0)
            count = len(campus.displays[HERE])
            await campus.until("it eats", lambda: _since(campus, count, PAID), 30.0)
        words = ("--number", "1", "--who", "王芳", "--reason", "终端重报，卡无异常")
        with stage.step(Text("查明即解除", "undone when it is known"), Text("当餐就能多刷", "in the same period")):
            command("cloud", "findings", "undo", *words, "--data", campus.data)
            undone_ms = int(time.time() * 1000) - 5_000
            await campus.until("each uses the list", lambda: used_ms(campus, DocumentKind.CAPPED, undone_ms, 10), 60.0)
            count = len(campus.displays[HERE])
            await campus.until("it pays twice", lambda: _since(campus, count, PAID) >= 2, 30.0)
            assert _since(campus, count, CAPPED) <= 1, "a tap that was under way"
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")):
            await campus.close_shop()
            played.till.leave()
            require_truth(campus, quarantined=1)


def _since(campus: Campus, begin: int, face: str) -> int:
    return sum(text.startswith(face) for _, text in campus.displays.get(HERE, ())[begin:])


def _next_meal_s(room: Any) -> int:
    file = room / "campus" / "terminals" / "pos-1" / "terminal.json"
    rows = json.loads(file.read_text(encoding="utf-8"))["parameters"]["meals"]
    return int(next(row["from_s"] for row in rows if row["name"] == "晚餐"))


SCENE = Scene(
    "false-finding",
    Text("午餐时的误报", "a false finding at lunch"),
    Text(
        "终端重报一笔被当成重放：午餐照旧，晚餐限一份，没有人挨饿，解除当餐生效",
        "a purchase told twice looks like a replay: lunch goes on, dinner is one meal, nobody is hungry; it is undone",
    ),
    _play,
)


def test_a_false_finding_leaves_nobody_hungry(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
