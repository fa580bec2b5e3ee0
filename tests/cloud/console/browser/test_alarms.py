"""Alarms in a real browser: answered by keyboard and by mouse, a watch that does not run, a message's link at night."""

import re
import time
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cloud.watch.alarms.states import Alarm, Deed
from cloud.watch.alarms.terms import CAMPUS, Kind, Source
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.store import WatchStore, open_watch
from cloud.watch.turn import BEAT
from shared.facts.told import Level
from tests.cloud.console.screen import PASSWORD, Console, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.process]
BOX = Key("box-silent", Source(Kind.BOX, "canteen-1"))
BOOKS = Key("trial-balance", CAMPUS)
KEYS = Key("keys-down", Source(Kind.SERVICE, "keys"))
AHEAD_MS = 600_000
"""The watch's last look lies ahead, so that no slow machine makes it old in the midst of a test."""


def opened(console: Console) -> WatchStore:
    folder: Path = console.ca.parent
    return open_watch(folder)


def raised(console: Console, *keys: Key, beat_ms: int = AHEAD_MS) -> None:
    now_ms = int(time.time() * 1000)
    with closing(opened(console)) as store, store.db.writing():
        for key in keys:
            grade = Level.URGENT if key in (BOOKS, KEYS) else Level.IMPORTANT
            one = Alarm(grade, is_active=True, is_acked=False, since_ms=now_ms - 60_000, last_ms=now_ms)
            store.write([Change(key, one.since_ms, Deed.RAISED, one)])
        store.set_mark(BEAT, now_ms + beat_ms)


def acked_by(console: Console, key: Key) -> str:
    with closing(opened(console)) as store:
        return next(one.alarm.acked_by for one in store.alarms() if one.key == key)


def test_one_is_acknowledged_by_keyboard_and_one_by_mouse(page: Page, console: Console) -> None:
    raised(console, BOX, BOOKS)
    sign_in(page, console)
    expect(page.locator("#calling")).to_have_text("报警 2")
    page.goto(f"{console.address}alarms")
    page.keyboard.press("j")
    expect(page.locator("tbody tr", has_text="试算不平")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#picked")).to_have_text("已选 1")
    page.keyboard.press("a")
    expect(page.locator("main").get_by_role("status")).to_contain_text("1 条将改变")
    page.get_by_role("button", name="确认 1").press("Enter")
    expect(page.locator("main").get_by_role("status").filter(has_text="已完成 1")).to_be_visible()
    assert acked_by(console, BOX) == "admin"
    page.get_by_role("link", name="试算不平").click()
    page.get_by_role("textbox", name=re.compile("说明")).fill("在查")
    page.get_by_role("button", name="确认", exact=True).click()
    expect(page.locator("#fresh")).to_contain_text("已确认")
    expect(page.locator(".doings")).to_contain_text("在查")
    assert acked_by(console, BOOKS) == "admin"
    page.keyboard.press("u")
    expect(page.locator(".doings").first).to_contain_text("撤消")
    assert acked_by(console, BOOKS) == ""
    expect(page.locator("#undo")).to_have_count(0)


def test_a_watch_that_does_not_run_is_said_and_so_is_one_that_does_again(page: Page, console: Console) -> None:
    raised(console, BOX, beat_ms=-60_000)
    sign_in(page, console)
    expect(page.locator("#calling")).to_have_text("报警 未知")
    page.goto(f"{console.address}alarms")
    banner = page.get_by_role("alert").filter(has_text="值守没有运行")
    expect(banner).to_be_visible()
    raised(console)
    expect(banner).to_have_count(0)
    expect(page.locator("#calling")).to_have_text("报警 1")


def test_a_messages_link_leads_to_its_alarm_past_the_sign_in(page: Page, console: Console) -> None:
    raised(console, BOX)
    sign_in(page, console)
    page.get_by_role("button", name=re.compile("退出")).click()
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{console.address}a/1")
    page.fill("input[name=name]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator("h1")).to_contain_text("网关失联")
    expect(page.locator("main")).to_contain_text("处置")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="接单").click()
    expect(page.locator(".doings")).to_contain_text("接单")


def test_an_urgent_alarm_sounds_where_somebody_has_turned_it_on_until_it_is_acknowledged(
    page: Page, console: Console
) -> None:
    raised(console, BOX)
    sign_in(page, console)
    sound = page.locator("#sound")
    expect(sound).to_have_text("声音未开")
    expect(sound).to_have_attribute("aria-pressed", "false")
    sound.click()
    expect(sound).to_have_text("声音已开")  # an important one does not sound
    raised(console, BOOKS)
    expect(sound).to_have_text("声音在响，紧急 1", timeout=60_000)
    page.goto(f"{console.address}alarms/{BOOKS.rule}/{BOOKS.source}")
    expect(sound).to_have_text(
        re.compile("声音未响|声音在响")
    )  # a browser may want a click on each page, and is told so
    page.locator("h1").click()
    expect(sound).to_have_text("声音在响，紧急 1")
    page.get_by_role("textbox", name=re.compile("说明")).first.fill("在查")
    page.get_by_role("button", name="确认", exact=True).click()
    expect(page.locator("#undo")).to_be_visible()
    page.locator("h1").click()
    expect(sound).to_have_text("声音已开", timeout=60_000)
    page.goto(f"{console.address}alarms")
    raised(console, KEYS)
    page.locator("h1").click()
    expect(sound).to_have_text("声音在响，紧急 1", timeout=60_000)
    sound.click()
    expect(sound).to_have_text("声音未开")
    page.reload()
    expect(sound).to_have_text("声音未开")
