"""What stands around one alarm: its values, how it went before, what else happened there, and where its links lead."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.frame.clock import wall_now
from cloud.fleet.ordering import Orders
from cloud.ledger.fleet.jobs.door import JobLedger
from cloud.ledger.fleet.jobs.state import Job
from cloud.watch.alarms.states import Deed
from cloud.watch.alarms.terms import Signal
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.samples import Samples
from shared.clocks.campus_clock import WALL
from shared.fleet.order import Locate
from tests.cloud.console.pages.alarms import scene as s
from tests.cloud.console.rig import Rig, made
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def happened(rig: Rig, key: Key, ago_s: int, deed: Deed, who: str = "", note: str = "") -> None:
    """Long ago, as the events say it; the alarm is as it was."""
    at_ms = s.now_ms() - ago_s * 1000
    one = replace(s.alarm(), since_ms=at_ms, last_ms=at_ms)
    with rig.sources.watch() as store, store.db.writing():
        store.write([Change(key, at_ms, deed, one)], who=who, note=note)


def test_the_values_around_it_are_drawn_with_the_bound(rig: Rig) -> None:
    key = s.terminal(rig)
    begun_ms = s.now_ms() - 1_200_000
    with rig.sources.watch() as store, store.db.writing():
        kept = Samples(store.db)
        for at_ms, value in ((begun_ms, 0.0), (begun_ms + 600_000, 90.0)):
            kept.keep([Signal("terminal-silent", key.source, at_ms, value)], at_ms)
    s.raised(rig, key, s.alarm(age_s=600))
    page = rig.browser().see(s.path(key))
    assert 'class="course"' in page
    assert "阈值 &gt;= 1 分" in page
    assert 'class="bound"' in page
    assert "分钟没有读数" in page, "before the first word nothing is known"


def test_a_signal_of_which_nothing_is_kept_says_so_and_a_fact_has_none(rig: Rig) -> None:
    page = rig.browser().see(s.path(s.raised(rig, s.BOX)))
    assert "没有保存数值" in page
    page = rig.browser().see(s.path(s.raised(rig, Key("outbox-write", s.BOX.source))))
    assert "没有保存数值" not in page
    assert "course" not in page[page.index("<main") :]


def test_how_it_went_before_is_told_with_who_did_what(rig: Rig) -> None:
    happened(rig, s.BOX, 90_000, Deed.RAISED)
    happened(rig, s.BOX, 89_000, Deed.ACKNOWLEDGED, "王芳", "换了网线")
    happened(rig, s.BOX, 88_200, Deed.RETURNED)
    happened(rig, s.BOX, 40_000, Deed.RAISED)
    happened(rig, s.BOX, 39_940, Deed.RETURNED)
    s.raised(rig, s.BOX)
    happened(rig, s.OTHER, 300, Deed.RAISED)
    browser = rig.browser()
    page = browser.see(s.path(s.BOX))
    before = page[page.index("此前") : page.index("同一规则，别处")]
    assert "30 天内 3" in before
    assert before.index("持续 1 分") < before.index("换了网线")
    assert "无人处理" in before
    assert "持续 30 分" in before
    assert "/a/7" in page[page.index("同一规则，别处") :]
    mine = rig.browser("李明", [Grant(Role.DUTY, Scope(box=c.BOX))])
    assert "同一规则，别处" not in mine.see(s.path(s.BOX)), "what he may not see is not counted either"


def test_what_else_happened_there_is_a_timeline_of_what_he_may_see(rig: Rig) -> None:
    key = s.raised(rig, s.terminal(rig))
    s.raised(rig, s.terminal(rig, "load-odd"))
    device = bytes.fromhex(key.source.name)
    job = Job(0, 0, b"", "王芳", "看看", 0, 0, 0)
    Orders(JobLedger(rig.ledger.opened), Signer(), WALL).give(Locate(30), (device,), job, wall_now())
    page = rig.browser().see(s.path(key))
    beside = page[page.index("前后半小时") :]
    assert "/a/2" in beside
    assert "/jobs/1" in beside
    duty = rig.browser("李明", [Grant(Role.DUTY)])
    beside = duty.see(s.path(key)).partition("前后半小时")[2]
    assert ("/a/2" in beside, "/jobs/1" in beside) == (False, True), "loads are money"


def test_what_it_is_linked_to_is_there_and_leads_there(rig: Rig) -> None:
    key = s.raised(rig, s.BOX)
    browser = rig.browser()
    for wrong in ("job:9", "job:x", "job:99999999999999999999", "card:1", "job:", "load:x/1", ""):
        browser.send(s.path(key), 503, step="link", to=wrong)
    job = Job(0, 0, b"", "王芳", "看看", 0, 0, 0)
    Orders(JobLedger(rig.ledger.opened), Signer(), WALL).give(Locate(30), (c.POS,), job, wall_now())
    browser.send(s.path(key), step="link", to="job:1")
    assert '<a href="/jobs/1">job:1</a>' in browser.see(s.path(key))
