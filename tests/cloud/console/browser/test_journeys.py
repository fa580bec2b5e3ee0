"""Long ways through the console: many tabs through a death and a lapsed session, many alarms at once, keys alone."""

import json
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from cloud.watch.alarms.states import Alarm, Deed
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.store import open_watch
from cloud.watch.turn import BEAT
from shared.facts.told import Level
from tests.cloud.console.browser.test_every_page import menu
from tests.cloud.console.conftest import started
from tests.cloud.console.screen import PASSWORD, Console, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.process]
TABS, SILENT, PAGE_ROWS = 8, 60, 50
AHEAD_MS = 600_000
"""The watch's last look lies ahead, so that no slow machine makes it old in the midst of a test."""
BOUND_MS = 120_000
TABBED_MAX = 120
"""So many times the key is pressed on a page: all of its head, its menu and what it begins with."""
PAGES = ("overview", "devices", "alarms", "morning", "plans")


def raised(console: Console, *keys: Key) -> None:
    """By the watch's own doors."""
    now_ms = int(time.time() * 1000)
    one = Alarm(Level.IMPORTANT, is_active=True, is_acked=False, since_ms=now_ms - 60_000, last_ms=now_ms)
    with closing(open_watch(console.ca.parent)) as store, store.db.writing():
        store.write([Change(key, one.since_ms, Deed.RAISED, one) for key in keys])
        store.set_mark(BEAT, now_ms + AHEAD_MS)


def acked(console: Console) -> int:
    with closing(open_watch(console.ca.parent)) as store:
        return sum(one.alarm.is_acked for one in store.alarms())


def lapse(console: Console) -> None:
    """Twelve hours have gone by for every session."""
    with closing(sqlite3.connect(console.ca.parent / "console.db")) as raw, raw:
        raw.execute("UPDATE session SET until = 1")


def viewers(console: Console) -> int:
    """The most streams at a time that a console has told of in its life, which ends by this."""
    console.process.send_signal(signal.SIGTERM)
    assert console.process.stdout
    said = console.process.stdout.read().splitlines()
    return max(json.loads(line.removeprefix("STATUS "))["viewers"] for line in said if line.startswith("STATUS "))


def test_eight_tabs_share_a_stream_catch_up_after_a_death_and_end_with_their_session(
    page: Page, console: Console
) -> None:
    raised(console)
    sign_in(page, console)
    tabs = [page, *(page.context.new_page() for _ in range(TABS - 1))]
    for tab in tabs[1:]:
        tab.goto(f"{console.address}alarms")
    for tab in tabs:
        expect(tab.locator("#pill")).to_have_class(re.compile("live"), timeout=BOUND_MS)
        expect(tab.locator("#calling")).to_have_text("报警 0")
    assert viewers(console) == 1
    raised(console, Key("box-silent", Source(Kind.BOX, "canteen-1")))
    with started(console):
        for tab in tabs:
            expect(tab.locator("#calling")).to_have_text("报警 1", timeout=BOUND_MS)
        expect(tabs[1].locator("tbody")).to_contain_text("网关失联", timeout=BOUND_MS)
        lapse(console)
        for tab in tabs:
            expect(tab.locator("h1")).to_have_text("登录", timeout=BOUND_MS)
        page.goto(f"{console.address}devices")
        page.fill("input[name=name]", "admin")
        page.fill("input[name=password]", PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        expect(page.locator("h1")).to_have_text("设备", timeout=BOUND_MS)


def test_fifty_are_acknowledged_and_then_all_that_fit_with_their_count_typed(page: Page, console: Console) -> None:
    keys = [Key("terminal-silent", Source(Kind.TERMINAL, f"{n:012x}")) for n in range(2 * SILENT)]
    raised(console, Key("trial-balance", Source(Kind.CAMPUS, "")), *keys)
    sign_in(page, console)
    page.goto(f"{console.address}alarms?rule=terminal-silent&size={PAGE_ROWS}")
    ticks = page.locator("tbody input[type=checkbox]")
    expect(ticks).to_have_count(PAGE_ROWS)
    for tick in ticks.all():
        tick.check()
    expect(page.locator("#picked")).to_have_text(f"已选 {PAGE_ROWS}")
    page.get_by_role("button", name="确认", exact=True).click()
    page.get_by_role("button", name=f"确认 {PAGE_ROWS}").click()
    expect(page.locator("main").get_by_role("status").first).to_contain_text(f"已完成 {PAGE_ROWS}")
    assert acked(console) == PAGE_ROWS
    page.goto(f"{console.address}alarms?rule=terminal-silent&state=unacknowledged")
    left = 2 * SILENT - PAGE_ROWS
    scope = page.locator("select[name=among]")
    expect(scope.locator("option[value=matching]")).to_have_text(re.compile(f" {left}$"))
    scope.select_option("matching")
    page.get_by_role("button", name="确认", exact=True).click()
    page.get_by_role("button", name=f"确认 {left}").click()
    expect(page.locator("main")).to_contain_text("请输入条数确认")
    assert acked(console) == PAGE_ROWS, "without its count nothing is done"
    page.fill("input[name=count]", str(left))
    page.get_by_role("button", name=f"确认 {left}").click()
    expect(page.locator("main").get_by_role("status").first).to_contain_text(f"已完成 {left}")
    assert acked(console) == 2 * SILENT, "another rule's alarm was not among them"


def test_keys_alone_reach_what_is_there_in_the_order_of_the_page_and_it_is_seen(page: Page, console: Console) -> None:
    sign_in(page, console)
    for path in PAGES:
        page.goto(f"{console.address}{path}")
        assert [*unseen(page)] == [], path
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{console.address}metrics-view")
    wide = page.locator(".scroll[tabindex]").first
    wide.focus()
    page.keyboard.press("ArrowRight")
    expect(wide).not_to_have_js_property("scrollLeft", 0)


@pytest.mark.large
def test_keys_alone_reach_what_is_there_on_every_page_and_screen(page: Page, console: Console) -> None:
    sign_in(page, console)
    found = []
    for path in menu(page):
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(console.address.rstrip("/") + path)
            found += [(path, width, *one) for one in unseen(page)]
    assert found == []


FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const middle = [box.left + box.width / 2, box.top + Math.min(box.height, innerHeight - box.top) / 2];
  const top = document.elementFromPoint(...middle);
  return {
    name: `${one.tagName} ${(one.ariaLabel || one.innerText || one.name || one.id || "").slice(0, 30)}`,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    covered: !!top && ![one, ...(one.labels || [])].some((own) => own.contains(top) || top.contains(own)),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    index: [...document.querySelectorAll("a,button,input,select,textarea,summary,[tabindex]")].indexOf(one),
  };
}"""


def unseen(page: Page) -> Iterator[tuple[str, str]]:
    """What the tab key comes to and nobody sees: outside of the screen, beneath a bar, without a mark, out of order."""
    last, seen = -1, set()
    for _ in range(TABBED_MAX):
        page.keyboard.press("Tab")
        one: dict[str, Any] | None = page.evaluate(FOCUSED)
        if one is None or one["index"] in seen:
            return
        seen.add(one["index"])
        for fault, there in (
            ("outside", not one["inside"]),
            ("covered", one["covered"]),
            ("unmarked", not one["outlined"]),
        ):
            if there:
                yield one["name"], fault
        if one["index"] < last:
            yield one["name"], "out of order"
        last = one["index"]
