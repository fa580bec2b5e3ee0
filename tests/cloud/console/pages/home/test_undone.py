"""Undo: what was done is as before, once, by whoever did it and still may, and not over what others did since."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.frame.saved import SavedView, saved_views
from cloud.console.frame.undo import UNDO_MS, Undoable, Undos
from cloud.watch.alarms.states import Alarm, Deed, State, acknowledged
from cloud.watch.alarms.watching import Change
from shared.facts.told import Level
from shared.words.voice import Text
from tests.cloud.console.pages.alarms import scene as s
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c

ONE = Undoable("x", Text("做了", "done"), [1, "二"], "/alarms")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def acted(browser: Browser, path: str, **form: object) -> str:
    """What the next page offers to take back: its token."""
    page = browser.client.get("/login").get_data(as_text=True)
    csrf = re.findall(r'data-csrf="([^"]+)"', page)[0]
    answer = browser.client.post(path, data={"csrf": csrf, **form})
    assert answer.status_code == 302
    shown = browser.see(answer.headers["Location"])
    return re.findall(r'name="undo" value="([^"]+)"', shown)[0]


@pytest.mark.parametrize(
    "form",
    [
        {"step": "ack"}, {"step": "ack", "for": "30m"}, {"step": "take"}, {"step": "assign", "to": "admin"},
        {"step": "shelve", "note": "x", "for": "2h"}, {"step": "stop", "note": "x"},
    ],
)  # fmt: skip
def test_an_answer_is_taken_back_and_the_alarm_is_as_it_was(rig: Rig, form: dict[str, str]) -> None:
    browser = rig.browser()
    before = s.of(rig, s.raised(rig, s.BOX))
    browser.send(s.path(s.BOX), step="comment", note="先登记")
    token = acted(browser, s.path(s.BOX), **form)
    assert s.of(rig, s.BOX) != before
    browser.send("/undo", undo=token)
    assert s.of(rig, s.BOX) == before
    assert "撤消" in browser.see(s.path(s.BOX))
    assert "已撤消过" in browser.send("/undo", 409, undo=token), "once"


def test_what_a_shelf_and_a_stop_had_is_there_again(rig: Rig) -> None:
    browser = rig.browser()
    s.raised(rig, s.BOX)
    browser.send(s.path(s.BOX), step="shelve", note="修", **{"for": "2h"})
    browser.send(s.path(s.BOX), step="stop", note="换")
    before = s.of(rig, s.BOX)
    for step in ("unshelve", "start"):
        browser.send("/undo", undo=acted(browser, s.path(s.BOX), step=step))
        assert s.of(rig, s.BOX) == before


def test_one_that_was_over_and_left_the_list_stands_on_it_again(rig: Rig) -> None:
    over = Alarm(Level.IMPORTANT, False, False, s.now_ms() - 90_000, s.now_ms(), 3, returned_ms=s.now_ms())
    s.raised(rig, s.BOX, over)
    browser = rig.browser()
    token = acted(browser, s.path(s.BOX), step="ack")
    assert "网关失联" not in browser.see("/alarms").partition("<tbody>")[2]
    browser.send("/undo", undo=token)
    assert s.of(rig, s.BOX) == over
    assert over.state is State.RETURNED


def test_what_has_happened_since_is_not_undone(rig: Rig) -> None:
    browser = rig.browser()
    s.raised(rig, s.BOX)
    token = acted(browser, s.path(s.BOX), step="take")
    other = rig.browser("王芳", [Grant(Role.DUTY)])
    other.send(s.path(s.BOX), step="ack")
    browser.send("/undo", undo=token)
    assert s.of(rig, s.BOX).acked_by == "王芳"


def test_that_it_was_heard_again_is_kept(rig: Rig) -> None:
    browser = rig.browser()
    s.raised(rig, s.BOX)
    token = acted(browser, s.path(s.BOX), step="ack")
    now = s.of(rig, s.BOX)
    with rig.sources.watch() as store, store.db.writing():
        heard = acknowledged(now, "admin", "")[0]
        again = Alarm(**{**{f: getattr(heard, f) for f in heard.__slots__}, "count": 9, "last_ms": now.last_ms + 5})
        store.write([Change(s.BOX, again.last_ms, None, again)])
    browser.send("/undo", undo=token)
    found = s.of(rig, s.BOX)
    assert (found.is_acked, found.count, found.last_ms) == (False, 9, now.last_ms + 5)


def test_many_are_taken_back_at_once(rig: Rig) -> None:
    keys = [s.raised(rig, key) for key in (s.BOX, s.OTHER, s.SERVICE)]
    browser = rig.browser()
    ticked = [f"{key.rule} {key.source}" for key in keys]
    token = acted(browser, "/alarms", step="ack", key=ticked, sure="1")
    assert all(s.of(rig, key).is_acked for key in keys)
    browser.send("/undo", undo=token)
    assert not any(s.of(rig, key).is_acked for key in keys)
    with rig.sources.watch() as store:
        assert [one.deed for one in store.events_of(s.BOX)] == [Deed.RAISED, Deed.ACKNOWLEDGED, Deed.UNDONE]


def test_nobody_takes_back_what_another_did_nor_what_he_may_no_longer_do(rig: Rig) -> None:
    s.raised(rig, s.BOX)
    mine, other = rig.browser("王芳", [Grant(Role.DUTY)]), rig.browser()
    token = acted(mine, s.path(s.BOX), step="ack")
    other.send("/undo", 409, undo=token)
    rig.sources.accounts.set_grants("王芳", [Grant(Role.DUTY, Scope(box=c.OTHER_BOX))])
    mine.send("/undo", 403, undo=token)
    assert s.of(rig, s.BOX).is_acked


def test_its_time_ends_and_a_forged_one_is_none(tmp_path: Path) -> None:
    undos = Undos(tmp_path / "console.db")
    token = undos.keep("王芳", ONE, 1000)
    assert undos.of(token, "王芳", 1000 + UNDO_MS) == ONE
    assert undos.of(token, "王芳", 1001 + UNDO_MS) is None
    assert undos.take(token, "李明", 1000) is None
    assert undos.take("x" * 16, "王芳", 1000) is None
    assert undos.take(token, "王芳", 1000) == ONE
    assert undos.take(token, "王芳", 1000) is None


def test_a_view_that_was_saved_over_or_forgotten_is_there_again(rig: Rig) -> None:
    browser = rig.browser()
    first = acted(browser, "/views/save", name="v", at="/devices?find=a")
    second = acted(browser, "/views/save", name="v", at=f"/devices?find=b&undo={first}")
    assert saved_views(rig.sources.file).of("admin") == [SavedView("v", "/devices?find=b")]
    browser.send("/undo", undo=second)
    assert saved_views(rig.sources.file).of("admin") == [SavedView("v", "/devices?find=a")]
    browser.send("/undo", undo=acted(browser, "/views/forget", name="v"))
    assert len(saved_views(rig.sources.file).of("admin")) == 1
    browser.send("/undo", undo=first)
    assert saved_views(rig.sources.file).of("admin") == []


def test_first_steps_that_were_put_away_are_shown_again(rig: Rig) -> None:
    browser = rig.browser()
    token = acted(browser, "/setup/away", away="1")
    browser.send("/undo", undo=token)
    assert 'name="away" value="1"' in browser.see("/setup")
