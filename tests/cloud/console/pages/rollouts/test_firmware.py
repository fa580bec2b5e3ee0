"""Firmware in the console: what runs as far as told, waves, why some failed; made, stopped, taken back by its rules."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from shared.wire.fleet_lane import Verdict
from tests.cloud.console.rig import Rig, made
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.fleet.firmware.test_rollouts import GOOD, Fleet

ASKED = {"release": "pos:2", "canary": "1", "shares": "100", "reason": "新版"}


class Campus:
    """A console, and the centre's side of firmware beside it, which sign by the same key."""

    def __init__(self, rig: Rig, fleet: Fleet) -> None:
        self.rig, self.fleet = rig, fleet


@pytest.fixture
def campus(tmp_path: Path) -> Iterator[Campus]:
    signer = Signer()
    with made(tmp_path, signer=signer) as rig:
        fleet = Fleet(rig.ledger.opened)
        fleet.signer = signer
        fleet.rollouts = type(fleet.rollouts)(fleet.firmware, signer)
        yield Campus(rig, fleet)


def test_nothing_is_said_where_nothing_is(campus: Campus) -> None:
    page = campus.rig.browser().see("/firmware")
    assert "还没有升级" in page
    assert "firmware release FILE" in page


def test_a_rollout_is_made_stopped_and_goes_on(campus: Campus) -> None:
    campus.fleet.release(2)
    browser = campus.rig.browser()
    assert "pos:2" in browser.see("/firmware")
    assert "请输入台数 3" in browser.send("/rollouts", 503, **ASKED, count="2")
    browser.send("/rollouts", **ASKED, count="3")
    page = browser.see("/rollouts/1")
    assert "未轮到 2" in page, "one goes first"
    browser.send("/rollouts/1/stop", reason="先停")
    assert "已停止" in browser.see("/rollouts/1")
    browser.send("/rollouts/1/resume", reason="继续")
    assert "进行中" in browser.see("/rollouts/1")


def test_failures_are_grouped_by_their_reason(campus: Campus) -> None:
    fleet = campus.fleet
    release = fleet.release(2)
    fleet.roll_out(release, [c.POS, c.POS2, c.FAR], stop_percent=0)
    fleet.firmware.move_on(c.NOW)
    fleet.says(c.POS, Verdict.UNSUPPORTED, 2)
    fleet.says(c.POS2, Verdict.UNSUPPORTED, 2)
    fleet.uses(c.FAR, release, box=c.OTHER_BOX)
    browser = campus.rig.browser()
    page = browser.see("/rollouts/1")
    assert "拒绝：本机不支持：2 台" in page
    assert "在用 1 / 3" in page
    assert browser.see("/rollouts/1.csv").splitlines()[1].startswith("1,pos-01")
    assert "版本 2 · 1 台" in browser.see("/firmware")


def test_without_a_way_back_it_says_who_signs_one(campus: Campus) -> None:
    fleet = campus.fleet
    fleet.release(2, GOOD)
    release = fleet.release(3, GOOD + b"# 2\n")
    fleet.roll_out(release, [c.POS], stop_percent=0)
    fleet.firmware.move_on(c.NOW)
    fleet.uses(c.POS, release)
    browser = campus.rig.browser()
    asked = {"canary": "0", "reason": "退", "count": "1"}
    assert "没有退路" in browser.send("/rollouts/1/back", 503, **asked)
    fleet.release(4, GOOD)
    browser.send("/rollouts/1/back", **asked)
    assert "pos:4" in browser.see("/rollouts/2")


def test_a_rollout_is_for_who_commands_the_whole_campus(campus: Campus) -> None:
    campus.fleet.release(2)
    mine = campus.rig.browser("王芳", [Grant(Role.OPERATIONS, Scope(box=c.BOX))])
    mine.send("/rollouts", 403, **ASKED, count="2")
    assert "开始升级" not in mine.see("/firmware")
    campus.rig.browser().see("/rollouts/7", 404)
