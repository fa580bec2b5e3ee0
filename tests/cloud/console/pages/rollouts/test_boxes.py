"""Releases of boxes in the console: what boxes say that they run, and what nobody knows; made, stopped, taken back."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.frame.clock import wall_now
from cloud.console.pages.rollouts.boxes import _signed
from cloud.ledger.fleet.boxes.rows import BoxRelease
from cloud.ledger.records.values import Now
from cloud.process.settings import load_settings
from provisioning.custody.files import open_level
from provisioning.keys.firmware import new_key
from provisioning.keys.store import KeyStore, Level
from provisioning.keys.trust import with_target
from shared.fleet.box_release import target_of
from shared.keys.trust import encode_officers
from shared.wire.messages import ReleaseStage
from tests.cloud.campus import Campus
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.fleet.boxes.test_boxes import Fleet

G = ReleaseStage
ASKED = {"release": "aarch64:2", "whom": "all", "canary": "0", "shares": "100", "reason": "新版"}


class Boxes:
    """A console, an archive of number 2 that is in store, and boxes that say something."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.fleet = rig, Fleet(rig.ledger.opened)

    def says(self, stage: ReleaseStage, number: int = 1, *, late_ms: int = 0, **other: object) -> None:
        now = wall_now()
        self.fleet.says(c.BOX, stage, number, Now(now.unix_ms - late_ms, now.campus_s - late_ms // 1000), **other)

    def brings(self, number: int, body: bytes) -> None:
        self.fleet.boxes.take(_release(number, body), body, b"trust", wall_now())


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[Boxes]:
    with made(tmp_path) as rig:
        yield Boxes(rig)


def row_of(page: str, box: str) -> str:
    return next(row for row in page.split("<tr>") if f">{box}</a>" in row)


def test_nothing_is_said_where_nothing_is(tmp_path: Path) -> None:
    with made(tmp_path) as rig:
        page = rig.browser().see("/box-releases")
    assert "box-release release FILE" in page
    assert "还没有升级" in page
    assert page.count("未知：从未报过所运行的发行") == 2, "of a box that never said it nobody knows"


def test_what_a_box_said_long_ago_is_not_known_any_more(boxes: Boxes) -> None:
    browser = boxes.rig.browser()
    boxes.says(G.NOTHING)
    here = row_of(browser.see("/box-releases"), c.BOX)
    assert "第 1 号 openykt-edge-1" in here
    assert "在用" in here
    assert "mark ok" in here
    boxes.says(G.IN_USE, late_ms=21 * 60_000)
    here = row_of(browser.see("/box-releases"), c.BOX)
    assert "久未上报" in here
    assert "mark off" in here


def test_on_trial_in_use_and_gone_back_are_told_with_what_ran_before(boxes: Boxes) -> None:
    browser = boxes.rig.browser()
    boxes.says(G.NOTHING)
    browser.send("/box-releases", **ASKED, count="2")
    here = row_of(browser.see("/box-releases"), c.BOX)
    assert "aarch64:2" in here
    assert "已轮到，网关未应答" in here
    boxes.says(G.TRIED, 2)
    here = row_of(browser.see("/box-releases"), c.BOX)
    assert "试用中 2" in here
    assert "mark warn" in here
    assert 'data-label="之前运行">1<' in here
    boxes.says(G.RETURNED, 1, why="unwell", words="can0")
    page = browser.see("/box-releases")
    here = row_of(page, c.BOX)
    assert "已自行退回 2：自检不如从前 can0" in here
    assert "mark bad" in here
    assert 'data-label="之前运行">未知<' in here
    assert "自检不如从前 can0：1 台" in browser.see("/box-releases/1")
    assert browser.see("/box-releases/1.csv").splitlines()[1].startswith(f"1,{c.BOX}")
    assert "久未上报" not in browser.see("/box-releases.csv")


def test_it_is_made_for_a_typed_count_stopped_and_goes_on(boxes: Boxes) -> None:
    browser = boxes.rig.browser()
    assert "请输入台数 2" in browser.send("/box-releases", 503, **ASKED, count="1")
    assert "请选择网关" in browser.send("/box-releases", 503, **(ASKED | {"whom": "these"}), count="0")
    assert "请写缘由" in browser.send("/box-releases", 503, **(ASKED | {"reason": " "}), count="2")
    browser.send("/box-releases", **(ASKED | {"whom": "these", "to": c.BOX}), count="1", at_once="1")
    assert "1 / 1" in browser.see("/box-releases")
    browser.send("/box-releases/1/stop", reason="先停")
    assert "已停止" in browser.see("/box-releases/1")
    browser.send("/box-releases/1/resume", reason="继续")
    assert "进行中" in browser.see("/box-releases/1")
    browser.send("/box-releases/9/stop", 404, reason="没有")


def test_a_way_back_is_one_that_the_officers_signed(boxes: Boxes) -> None:
    browser = boxes.rig.browser()
    boxes.brings(3, b"worse")
    browser.send("/box-releases", **(ASKED | {"release": "aarch64:3"}), count="2")
    boxes.says(G.IN_USE, 3, about=3)
    asked = {"canary": "0", "reason": "退", "count": "2"}
    assert "firmware sign-box" in browser.send("/box-releases/1/back", 503, **asked)
    boxes.brings(4, b"worst")
    assert "firmware sign-box" in browser.send("/box-releases/1/back", 503, **asked), "no older one under a new number"
    assert "进行中" in browser.see("/box-releases/1"), "what is refused stops nothing"


def test_what_the_officers_do_not_stand_for_is_not_shown_as_good(boxes: Boxes) -> None:
    page = boxes.rig.browser().see("/box-releases")
    word = next(row for row in page.split("<tr>") if "aarch64:2" in row and "SHA-256" in row)
    assert "未知" in word, "their list cannot be read"
    assert "mark ok" not in word


def test_the_officers_word_counts_for_the_very_bytes(provisioned: Campus, tmp_path: Path) -> None:
    school = open_level(provisioned.data, Level.SCHOOL)
    stores = school, KeyStore(Level.FIRMWARE, school.campus, (new_key(1, b"k" * 32),))
    officers = encode_officers(with_target(None, target_of("aarch64", 3), b"three", 0, stores))
    with made(tmp_path) as rig:
        boxes = Boxes(rig)
        known = replace(rig.sources, settings=load_settings(provisioned.data))
        found = wall_now()
        for number, body in ((3, b"three"), (4, b"four")):
            boxes.fleet.boxes.take(_release(number, body), body, officers, found)
        releases = rig.sources.reader.fleet.box_releases(found).releases
        assert _signed(known, releases) == {"aarch64:2": False, "aarch64:3": True, "aarch64:4": False}
        assert _signed(rig.sources, releases) == {}, "signed for another campus: nobody can say"


def _release(number: int, body: bytes) -> BoxRelease:
    name = f"openykt-edge-{number}-aarch64"
    return BoxRelease("aarch64", number, name, len(body), sha256(body).digest(), "张三", 0)


def test_a_part_of_the_campus_sees_its_own_boxes_and_makes_nothing(boxes: Boxes) -> None:
    mine: Browser = boxes.rig.browser("王芳", [Grant(Role.OPERATIONS, Scope(box=c.BOX))])
    page = mine.see("/box-releases")
    assert c.BOX in page
    assert f">{c.OTHER_BOX}</a>" not in page
    assert "开始升级" not in page
    mine.send("/box-releases", 403, **ASKED, count="2")
    boxes.fleet.roll_out([c.OTHER_BOX], now=wall_now())
    mine.see("/box-releases/1", 404)
    mine.send("/box-releases/1/stop", 403, reason="停")
