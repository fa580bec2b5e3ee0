"""The alarm list and one alarm: what is shown, to whom, what somebody does about it, and what is not known."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.frame.frozen import FROZEN_MS, frozen
from cloud.watch.alarms.states import Alarm, State
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Key
from cloud.watch.notify import persons
from shared.facts.told import Level
from tests.cloud.console.pages.alarms import scene as s
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def test_what_wants_somebody_stands_first_and_what_it_explains_beneath_it(rig: Rig) -> None:
    acked = Alarm(Level.IMPORTANT, True, True, s.now_ms() - 9000, s.now_ms(), acked_by="王芳")
    s.raised(rig, s.SERVICE, acked)
    s.raised(rig, s.BOX)
    below = s.terminal(rig)
    cause = f"{s.BOX.rule} {s.BOX.source}"
    s.raised(rig, below, Alarm(Level.GENERAL, True, False, s.now_ms(), s.now_ms(), suppressed_by=cause))
    page = rig.browser().see("/alarms")
    table = page[page.index("<tbody>") :]
    assert table.index("未确认") < table.index("网关失联") < table.index("已确认")
    assert "王芳" in page
    assert "所含 1" in page
    rows = re.findall(r'name="key" value="([^"]+)"', page)
    assert rows == [cause, f"{s.SERVICE.rule} {s.SERVICE.source}"], "what is explained has no row of its own"
    assert s.path(below) in page
    assert "<h1" in rig.browser().see(s.path(below))


def test_an_empty_list_says_when_the_last_one_came_and_a_watch_that_is_away_says_so(rig: Rig) -> None:
    admin = rig.browser()
    assert "值守从未运行过" in admin.see("/alarms")
    assert "无报警" not in admin.see("/alarms")
    s.beaten(rig)
    assert "无报警。" in admin.see("/alarms")
    s.beaten(rig, ago_s=60)
    page = admin.see("/alarms")
    assert "未知：值守没有运行" in page
    assert "无报警" not in page
    assert "the watch does not run" in admin.see("/alarms?lang=en")


@pytest.mark.parametrize(
    ("query", "count"),
    [("state=unacknowledged", 2), ("state=shelved", 0), ("family=offline", 1), ("grade=urgent", 1),
     (f"place={c.BOX}", 1), ("rule=box-silent", 1), ("find=网关失联", 1)],
)  # fmt: skip
def test_the_address_chooses(rig: Rig, query: str, count: int) -> None:
    s.raised(rig, s.BOX)
    s.raised(rig, s.BOOKS, s.alarm(Level.URGENT))
    assert len(re.findall(r'name="key"', rig.browser().see(f"/alarms?{query}"))) == count
    exported = rig.browser("李明", [Grant(Role.ADMIN)]).see(f"/alarms.csv?{query}")
    assert exported.startswith("\ufeff级别,状态")
    assert len(exported.strip().splitlines()) == 1 + count


def test_the_page_of_one_says_why_and_what_to_do_and_all_that_happened(rig: Rig) -> None:
    s.raised(rig, s.BOX)
    admin = rig.browser()
    page = admin.see(s.path(s.BOX))
    for part in ("原因", "后果", "处置", "产生报警", "确认", "搁置"):
        assert part in page
    assert "Cause" in admin.see(f"{s.path(s.BOX)}?lang=en")
    admin.see("/alarms/box-silent/box:nowhere", 404)
    admin.see("/alarms/box-silent/what:is", 404)


def test_the_first_operator_answers_and_is_a_person_from_then_on(rig: Rig) -> None:
    s.raised(rig, s.BOX)
    admin = rig.browser()
    admin.send(s.path(s.BOX), step="ack", note="去看")
    found = s.of(rig, s.BOX)
    assert (found.state, found.acked_by) == (State.ACKNOWLEDGED, "admin")
    with rig.sources.watch() as store, store.db.reading():
        assert persons.known(store.db, "admin")
    (row,) = rig.sources.audit.rows(Question(act="act_alarm"))
    assert (row.deed.who, row.deed.object, row.deed.zh) == (
        "admin", f"alarm:box-silent box:{c.BOX}", "确认报警 去看",
    )  # fmt: skip
    assert "去看" in admin.see(s.path(s.BOX))


def test_an_urgent_one_wants_a_note_and_a_shelf_an_end(rig: Rig) -> None:
    s.raised(rig, s.BOOKS, s.alarm(Level.URGENT))
    admin = rig.browser()
    assert "须写说明" in admin.send(s.path(s.BOOKS), 503, step="ack")
    assert "须有期限" in admin.send(s.path(s.BOOKS), 503, step="shelve", note="在查")
    admin.send(s.path(s.BOOKS), 400, step="shelve", note="在查", **{"for": "9y"})
    admin.send(s.path(s.BOOKS), 400, step="erase")
    assert s.of(rig, s.BOOKS).state is State.UNACKNOWLEDGED
    admin.send(s.path(s.BOOKS), step="shelve", note="在查", **{"for": "2h"})
    assert s.of(rig, s.BOOKS).shelved_by == "admin"
    admin.send(s.path(s.BOOKS), step="unshelve")
    admin.send(s.path(s.BOOKS), step="ack", note="在查", **{"for": "30m"})
    assert 0 < s.of(rig, s.BOOKS).ack_until_ms - s.now_ms() <= 1_800_000


@pytest.mark.parametrize(
    ("step", "form", "field", "value"),
    [
        ("take", {}, "taken_by", "admin"), ("stop", {"note": "坏了"}, "stopped_by", "admin"),
        ("assign", {"to": "admin"}, "assigned", "admin"), ("comment", {"note": "好"}, "acked_by", ""),
    ],
)  # fmt: skip
def test_each_step_does_what_it_says(rig: Rig, step: str, form: dict[str, str], field: str, value: str) -> None:
    s.raised(rig, s.BOX)
    rig.browser().send(s.path(s.BOX), step=step, **form)
    assert getattr(s.of(rig, s.BOX), field) == value


def test_several_are_shown_with_their_counts_before_anything_is_done(rig: Rig) -> None:
    acked = Alarm(Level.IMPORTANT, True, True, s.now_ms(), s.now_ms(), acked_by="王芳")
    keys = [s.raised(rig, s.BOX), s.raised(rig, s.OTHER), s.raised(rig, s.SERVICE, acked)]
    names = [f"{key.rule} {key.source}" for key in keys]
    admin = rig.browser()
    page = re.sub(r"<[^>]+>", "", admin.send("/alarms", 200, step="ack", key=names))
    assert "2 条将改变" in page
    assert "1 条已如此，跳过" in page
    assert s.of(rig, s.BOX).state is State.UNACKNOWLEDGED, "shown, not done"
    admin.send("/alarms", step="ack", key=names, sure="1")
    assert {s.of(rig, key).is_acked for key in keys} == {True}
    assert s.of(rig, s.SERVICE).acked_by == "王芳"
    assert "已完成 2 · 跳过 1" in admin.see("/alarms?done=2&left=1")


def test_all_that_fit_the_filters_are_those_of_the_filters(rig: Rig) -> None:
    s.raised(rig, s.BOX)
    s.raised(rig, s.SERVICE)
    browser = rig.browser()
    assert "符合筛选的全部 1<" in browser.see("/alarms?rule=box-silent")
    page = browser.send("/alarms", 200, step="ack", among="matching", rule="box-silent")
    token = re.findall(r'name="frozen" value="([^"]+)"', page)[0]
    s.raised(rig, s.OTHER)
    browser.send("/alarms", step="ack", frozen=token, sure="1")
    assert s.of(rig, s.BOX).is_acked
    assert not s.of(rig, s.OTHER).is_acked, "it came to fit later, and nobody has seen it counted"
    assert not s.of(rig, s.SERVICE).is_acked


def test_a_choice_is_its_makers_and_ends(rig: Rig) -> None:
    s.raised(rig, s.BOX)
    kept = frozen(rig.sources.file)
    name = f"{s.BOX.rule} {s.BOX.source}"
    old = kept.freeze("admin", "alarms", [name], s.now_ms() - FROZEN_MS - 1000)
    others = kept.freeze("王芳", "alarms", [name], s.now_ms())
    for token in (old, others, "x"):
        assert "已过期" in rig.browser().send("/alarms", 503, step="ack", frozen=token, sure="1")
    assert not s.of(rig, s.BOX).is_acked


def test_the_page_alone_and_all_that_fit_are_two_things(rig: Rig) -> None:
    s.raised(rig, s.SERVICE)
    s.raised(rig, s.BOX)
    browser = rig.browser()
    page = browser.see("/alarms")
    assert "本页 2<" in page
    shown = re.findall(r'name="shown" value="([^"]+)"', page)
    page = re.sub(r"<[^>]+>", "", browser.send("/alarms", 200, step="ack", among="page", shown=shown[:1]))
    assert "1 条将改变" in page


def test_more_than_fifty_are_typed_and_what_he_may_not_answer_is_not_among_all_that_fit(rig: Rig) -> None:
    sources = [Source(Kind.SERVICE, f"s{number:03}") for number in range(60)]
    keys = [s.raised(rig, Key("service-down", one)) for one in sources]
    s.raised(rig, s.BOX)
    browser = rig.browser()
    page = browser.send("/alarms", 200, step="ack", among="matching")
    token = re.findall(r'name="frozen" value="([^"]+)"', page)[0]
    assert "请输入条数" in browser.send("/alarms", 200, step="ack", frozen=token, sure="1", count="6")
    assert not s.of(rig, keys[0]).is_acked
    browser.send("/alarms", step="ack", frozen=token, sure="1", count="61")
    assert all(s.of(rig, key).is_acked for key in keys)
    mine = rig.browser("王芳", [Grant(Role.AUDIT), Grant(Role.DUTY, Scope(c.BOX))])
    assert "符合筛选的全部 1<" in mine.see("/alarms"), "the others he sees alone"


def test_several_with_an_urgent_one_want_a_note(rig: Rig) -> None:
    s.raised(rig, s.BOX)
    s.raised(rig, s.BOOKS, s.alarm(Level.URGENT))
    names = [f"{key.rule} {key.source}" for key in (s.BOX, s.BOOKS)]
    admin = rig.browser()
    assert "须写说明 1" in admin.send("/alarms", 200, step="ack", key=names, sure="1")
    assert not s.of(rig, s.BOX).is_acked
    admin.send("/alarms", step="ack", key=names, sure="1", note="在查")
    assert s.of(rig, s.BOOKS).is_acked


def test_a_canteens_manager_has_his_canteen_and_no_other(rig: Rig) -> None:
    mine, other = s.raised(rig, s.BOX), s.raised(rig, s.OTHER)
    s.raised(rig, s.SERVICE)
    at = s.raised(rig, s.terminal(rig))
    his = rig.browser("陈经理", [Grant(Role.CANTEEN, Scope(c.BOX))])
    page = his.see("/alarms")
    assert s.path(mine) in page
    assert s.path(at) in page
    assert s.path(other) not in page
    assert "service-down" not in page
    his.see(s.path(other), 403)
    his.send(s.path(other), 403, step="ack")
    his.send("/alarms", 403, step="ack", key=[f"{key.rule} {key.source}" for key in (other, mine)], sure="1")
    his.see("/alarms/figures", 403)
    his.send(s.path(mine), step="ack")
    assert not s.of(rig, s.OTHER).is_acked
    assert "service-down" not in his.see("/alarms.csv")


@pytest.mark.parametrize(
    ("grant", "money", "cash"),
    [
        (Grant(Role.DUTY), 403, 403), (Grant(Role.OPERATIONS), 403, 403), (Grant(Role.FINANCE), 200, 200),
        (Grant(Role.CANTEEN, Scope(c.BOX)), 403, 200), (Grant(Role.CANTEEN, Scope(c.OTHER_BOX)), 403, 403),
        (Grant(Role.AUDIT), 200, 200),
    ],
)  # fmt: skip
def test_money_is_seen_by_whoever_sees_money(rig: Rig, grant: Grant, money: int, cash: int) -> None:
    books, till = s.raised(rig, s.BOOKS), s.raised(rig, s.terminal(rig, "cash"))
    his = rig.browser("李明", [grant])
    his.see(s.path(books), money)
    his.see(s.path(till), cash)
    assert (s.path(books) in his.see("/alarms")) == (money == 200)
    assert (s.path(till) in his.see("/alarms")) == (cash == 200)


def test_duty_with_a_stall_does_not_hear_of_cash(rig: Rig) -> None:
    till = s.raised(rig, s.terminal(rig, "cash"))
    his = rig.browser("李明", [Grant(Role.DUTY), Grant(Role.STALL)])
    his.see(s.path(till), 403)


def test_who_looks_as_a_role_sees_as_it_and_changes_nothing(rig: Rig) -> None:
    s.raised(rig, s.BOOKS)
    admin = rig.browser()
    admin.send("/look-as", role="duty")
    admin.see(s.path(s.BOOKS), 403)
    admin.send(s.path(s.BOOKS), 403, step="ack", note="x")


def test_in_a_flood_those_of_one_rule_are_one_line(rig: Rig) -> None:
    devices = {one.device: one for one in rig.sources.reader.terminals()}
    for device in list(devices)[:4]:
        s.raised(rig, s.Key("terminal-silent", s.Source(s.Kind.TERMINAL, device.hex())), s.alarm(Level.GENERAL))
    s.raised(rig, s.BOOKS, s.alarm(Level.URGENT))
    with rig.sources.watch() as store, store.db.writing():
        store.db.insert("flood", "scope, since_ms, until_ms", [("campus", s.now_ms(), 0)])
    page = rig.browser().see("/alarms")
    assert "报警洪水" in page
    assert f"×{min(4, len(devices))}" in page
    assert re.findall(r'name="key" value="([^"]+)"', page) == ["trial-balance campus"]


def test_figures_stand_beside_their_targets(rig: Rig) -> None:
    s.raised(rig, s.BOX)
    page = rig.browser().see("/alarms/figures?days=30")
    for part in ("处于洪水的时间", "&lt; 1 %", "最多的十条", "网关失联", "MTTA"):
        assert part in page
    assert "time in flood" in rig.browser().see("/alarms/figures?lang=en")


def count(rig: Rig, grant: Grant | None = None) -> str:
    page = rig.browser("admin" if grant is None else "李明", [grant] if grant else []).see("/me")
    found = re.findall(r'id="calling"[^>]*>([^<]+)<', page)
    return str(found[0]) if found else ""


def test_every_page_says_how_many_call_or_that_nobody_knows(rig: Rig) -> None:
    assert count(rig) == "报警 未知"
    s.beaten(rig)
    assert count(rig) == "报警 0"
    s.raised(rig, s.BOX)
    s.raised(rig, s.OTHER)
    s.raised(rig, s.BOOKS, s.alarm(Level.URGENT))
    s.raised(rig, s.SERVICE, Alarm(Level.IMPORTANT, True, True, s.now_ms(), s.now_ms()))
    assert count(rig) == "报警 3"
    assert count(rig, Grant(Role.DUTY)) == "报警 2"
    assert count(rig, Grant(Role.CANTEEN, Scope(c.BOX))) == "报警 1"
    assert count(rig, Grant(Role.CARDS)) == ""
    s.beaten(rig, ago_s=60)
    assert count(rig) == "报警 未知"


# --- a message's link -----------------------------------------------------------------------------------------------


def test_a_messages_number_opens_its_alarm_for_whoever_may_see_it_and_for_nobody_else(rig: Rig) -> None:
    s.raised(rig, s.BOX)
    s.raised(rig, s.OTHER)
    mine = rig.browser("王芳", [Grant(Role.DUTY, Scope(box=c.OTHER_BOX))])
    asked = mine.client.get("/a/2")
    assert (asked.status_code, asked.headers["Location"]) == (302, s.path(s.OTHER))
    for other in ("/a/1", "/a/99", "/a/0", "/a/99999999999999999999"):
        mine.see(other, 404)
    stranger = rig.app.test_client().get("/a/2")
    assert stranger.headers["Location"].startswith("/login"), "and learns nothing"


def test_the_sound_asks_how_many_urgent_ones_call_that_he_may_see_and_hears_when_nobody_knows(rig: Rig) -> None:
    s.raised(rig, s.OTHER)
    s.raised(rig, s.BOX, s.alarm(Level.URGENT))
    s.raised(rig, s.SERVICE, replace(s.alarm(Level.URGENT), is_acked=True))
    browser, mine = rig.browser(), rig.browser("王芳", [Grant(Role.DUTY, Scope(box=c.OTHER_BOX))])
    assert browser.client.get("/api/v1/calling").get_json() == {"calls": 2, "urgent": 1, "flooded": False}
    assert mine.client.get("/api/v1/calling").get_json() == {"calls": 1, "urgent": 0, "flooded": False}
    s.beaten(rig, ago_s=60)
    assert browser.client.get("/api/v1/calling").get_json()["urgent"] is None, "the watch does not run"
