"""A card is copied and spends in two canteens: two genuine records at one counter prove it, and all tills refuse it."""

import json
import time
from collections.abc import Callable

import pytest

from shared.clocks.campus_clock import WALL
from shared.fleet.document import DocumentKind
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.copies import Copy, Played, findings, found_ms, used_ms
from tests.scenes.plans import OTHER_BOX, command, in_plain, run
from tests.scenes.scene import Scene, Stage

pytestmark = [pytest.mark.process, pytest.mark.large]
LABEL, CLONE, LEAD_S = "0005", 1, 5
"""A card without a subsidy purse: the counter takes that one first."""
HERE = "t-pos-2"
BOUND_S = 2.0
REFUSED, PAID = "declined 黑名单卡", "done 成功"


async def _play(stage: Stage) -> None:
    room = in_plain(in_plain(stage.room(plans.two_boxes)), OTHER_BOX)
    async with Campus(room, seed=16, tear=0.0) as campus:
        copied, played = Copy(campus.data, LABEL), Played(campus, OTHER_BOX, "pos-4")
        from_s = WALL.at(time.time()) + LEAD_S
        campus.plays(HERE, ({"card": LABEL, "amount_fen": 10, "at": from_s + s} for s in range(300)))
        for name in ("t-pos-1", "t-pos-3", "t-load-1"):
            campus.plays(name, ())
        played.buys(copied, 990)
        await campus.open()
        with stage.step(Text("真卡在一食堂消费", "the card itself pays in one canteen"), Text("成功", "it is paid")):
            await campus.until_shown(2, HERE)
            await campus.until("its first is posted", lambda: _posted(campus))
        two_s = Text(f"≤ {BOUND_S:g} 秒成为发现", f"a finding in {BOUND_S:g} s")
        what = Text("复制卡在另一食堂同一计数消费", "its copy paid in the other, at one counter")
        with stage.step(what, two_s) as step:
            await played.tells()
            await campus.until("it is found", lambda: found_ms(campus, CLONE))
            stage.at_most(step, (found_ms(campus, CLONE) - _came_ms(campus)) / 1000, BOUND_S)
        with stage.step(
            Text("名单到每台在线终端", "the hotlist at each terminal that is online"), Text("≤ 2 秒", "2 s at most")
        ) as step:
            at_ms = found_ms(campus, CLONE)
            await campus.until("each uses it", lambda: used_ms(campus, DocumentKind.HOTLIST, at_ms, 4), 60.0)
            stage.at_most(step, (used_ms(campus, DocumentKind.HOTLIST, at_ms, 4) - at_ms) / 1000, BOUND_S)
        with stage.step(Text("真卡也拒收", "the card itself is refused as well"), Text("黑名单卡", "on the hotlist")):
            await campus.until("it is refused", lambda: _last(campus).startswith(REFUSED))
        with stage.step(Text("一项发现，两条记录为证", "one finding, by two records"), Text("复制卡", "a copied card")):
            (one,) = findings(campus)
            assert (one["kind"], one["refuses"], one["card"]) == ("clone", True, LABEL), one
            assert one["record"], one
            assert one["beside"], one
        words = ("--number", "1", "--who", "王芳", "--reason", "已收回复制卡")
        with stage.step(Text("查明后解除", "undone when it is known"), Text("又收这张卡", "the card is taken again")):
            command("cloud", "findings", "undo", *words, "--data", campus.data)
            await campus.until("it is taken", lambda: _last(campus).startswith(PAID), 60.0)
        with stage.step(Text("收市", "the day is closed"), Text("发现与核对两律成立", "both laws hold")):
            await campus.close_shop()
            checks = json.loads(run("cloud", "verify", "--data", campus.data, "--json").stdout)["checks"]
            wrong = [one for one in checks if one["name"] in ("findings", "closing") and one.get("broken")]
            assert not wrong, wrong


def _last(campus: Campus) -> str:
    shown = campus.displays.get(HERE, [])
    return shown[-1][1] if shown else ""


def _posted(campus: Campus) -> bool:
    return bool(campus.asked("SELECT COUNT(*) FROM proof")[0][0])


def _came_ms(campus: Campus) -> int:
    return int(campus.asked("SELECT MIN(opened_ms) FROM quarantine")[0][0])


SCENE = Scene(
    "clone-in-two-canteens",
    Text("复制卡在两个食堂消费", "a clone spends in two canteens"),
    Text(
        "同一计数器两笔真交易证实复制：两秒内成为发现，再两秒内每台在线终端拒收，解除后又收",
        "two genuine records at one counter: found in two seconds, refused everywhere two seconds later, undone",
    ),
    _play,
)


def test_a_clone_spends_in_two_canteens(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
