"""Where things are, in a real browser: a cut cable is found by looking, a device is placed without a mouse."""

import re
import time
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from cloud.ledger.ledger import open_ledger
from cloud.ledger.read.reader import Reader
from cloud.watch.alarms.states import Alarm, Deed
from cloud.watch.alarms.topology import segment
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.store import open_watch
from shared.facts.told import Level
from shared.wire.messages import BoxState, TerminalState
from tests.cloud.console.pages.places import drawn
from tests.cloud.console.screen import Console, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.process]
PATIENCE_MS = 120_000
"""So long what a box has said holds here: a loaded machine must not make it silent while a page is looked at."""
BOX, LINK, LAST_HEARD, FIRST_SILENT = "canteen-1", "can0", "pos-03", "pos-04"


def now_ms() -> int:
    return int(time.time() * 1000)


def say(folder: Path, silent: int = 0) -> None:
    """The canteen's state: windows 1 to 8 on the bus; the last `silent` of them have fallen silent."""
    with closing(open_ledger(str(folder / "ledger.db"))) as ledger:
        bodies = {one.name: one.device for one in Reader(ledger.database).terminals()}
        rows, at_ms = [], now_ms() + PATIENCE_MS
        for number in range(1, 9):
            state, heard = ("parted", 60_000) if number > 8 - silent else ("joined", 0)
            rows.append(TerminalState(bodies[f"pos-{number:02d}"], str(number), LINK, state, at_ms - heard, 0, 0, 0, 0))
        state = BoxState(BOX, b"store--1", at_ms, True, 0, 1000, 0, 0, 0, tuple(rows))
        ledger.store_state(BOX, state, at_ms)


def cut(folder: Path) -> None:
    told = (("link", LINK), ("behind", LAST_HEARD), ("before", FIRST_SILENT), ("terminals", 5))
    alarm = Alarm(Level.URGENT, True, False, now_ms(), now_ms())
    key = Key("bus-cut", segment(BOX, LINK, FIRST_SILENT))
    with closing(open_watch(folder)) as store, store.db.writing():
        store.write([Change(key, now_ms(), Deed.RAISED, alarm, "bus-segment-cut", told)])


def assert_usable(page: Page) -> None:
    """No violation that axe knows, and a phone's screen scrolls no page sideways."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1440, "height": 900})


def test_the_cut_cable_is_found_and_leads_to_the_device_behind_it(page: Page, console: Console) -> None:
    folder = console.ca.parent
    say(folder)
    sign_in(page, console)
    page.get_by_role("link", name="拓扑").click()
    lane = page.locator(f'[id="lane-{BOX}/{LINK}"]')
    expect(lane.locator(".cell.ok")).to_have_count(8)
    say(folder, silent=5)
    cut(folder)
    expect(lane.locator(".break")).to_have_count(1)
    texts = lane.locator(".cells > *").all_inner_texts()
    at = texts.index("✂")
    assert (texts[at - 1], texts[at + 1]) == (f"● {LAST_HEARD}", f"■ {FIRST_SILENT}")
    expect(lane).to_contain_text(f"{LAST_HEARD} ↔ {FIRST_SILENT}")
    assert_usable(page)
    lane.get_by_role("link", name=FIRST_SILENT).click()
    expect(page.locator("main")).to_contain_text(FIRST_SILENT)
    page.go_back()
    expect(lane.locator(".break")).to_be_visible()


def test_a_device_is_placed_by_keyboard_alone_and_is_live_after_a_reload(page: Page, console: Console) -> None:
    folder = console.ca.parent
    say(folder)
    sign_in(page, console)
    send(page, console, "floor.png", "image/png", drawn.png(1200, 700))
    page.get_by_role("link", name="pos-01").focus()
    page.keyboard.press("Enter")
    expect(page.locator("input[name=x]")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("25")
    page.keyboard.press("Enter")
    expect(page.locator(".spot")).to_have_attribute("data-x", "0.25")
    page.get_by_role("button", name="向下").focus()
    for down in ("0.51", "0.52"):
        page.keyboard.press("Enter")
        expect(page.locator(".spot")).to_have_attribute("data-y", down)
        expect(page.get_by_role("button", name="向下")).to_be_focused()
    page.locator(".spot").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="退回一步 4")).to_be_visible()
    assert_usable(page)
    page.get_by_role("button", name="发布").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/plans/\d+$"))
    page.reload()
    spot = page.locator(".spot")
    expect(spot).to_have_attribute("class", "spot ok")
    expect(spot).to_have_attribute("transform", re.compile(r"translate\(260(\.0)? 303"))
    say(folder, silent=8)
    expect(spot).to_have_attribute("class", "spot bad")
    expect(page.locator(".beside li")).to_contain_text("断线")
    assert_usable(page)
    spot.focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("pos-01")


def send(page: Page, console: Console, name: str, media: str, found: bytes) -> None:
    """A new plan of the whole campus."""
    page.goto(f"{console.address}plans")
    page.get_by_label("名称").fill("一食堂一楼")
    page.get_by_label("图纸文件").set_input_files(files=[{"name": name, "mimeType": media, "buffer": found}])
    page.get_by_role("button", name="上传").click()


def test_a_plan_from_a_pdf_is_drawn_and_a_mouse_places_and_drags(page: Page, console: Console) -> None:
    sign_in(page, console)
    page.goto(f"{console.address}plans")
    assert_usable(page)
    if page.get_by_label("PDF 页码").count() == 0:
        expect(page.locator("main")).to_contain_text("poppler-utils")
        send(page, console, "plan.pdf", "application/pdf", drawn.pdf())
        expect(page.locator("main")).to_contain_text("请装上它")
        send(page, console, "plan.svg", "image/svg+xml", drawn.svg('viewBox="0 0 300 200" width="300" height="200"'))
    else:
        send(page, console, "plan.pdf", "application/pdf", drawn.pdf())
    expect(page.locator("#plan img")).to_be_visible()
    expect(page.locator("#plan img")).to_have_js_property("complete", True)
    assert page.evaluate("document.querySelector('#plan img').naturalWidth") >= 200
    page.get_by_role("link", name="pos-02").click()
    box = page.locator("#plan").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    spot = page.locator(".spot")
    expect(spot).to_have_attribute("data-x", re.compile(r"0\.2[45]"))
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 3 / 4, box["y"] + box["height"] / 4, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="退回一步 2")).to_be_visible()
    page.reload()
    expect(spot).to_have_attribute("data-x", re.compile(r"0\.7[45]"))


def test_a_cable_is_put_in_order_by_mouse_and_by_keys(page: Page, console: Console) -> None:
    say(console.ca.parent)
    sign_in(page, console)
    page.goto(f"{console.address}topology")
    page.locator(f'[id="lane-{BOX}/{LINK}"]').get_by_role("link", name="改次序").click()
    page.wait_for_load_state()  # its module has run: before that nobody takes up what is dropped
    rows = page.locator("#order li")
    expect(rows.first).to_contain_text("pos-01")
    rows.nth(7).locator(".who").drag_to(rows.nth(0).locator(".who"))
    expect(rows.first).to_contain_text("pos-08")
    page.get_by_role("button", name="pos-08 向下").focus()
    page.keyboard.press("Enter")
    expect(rows.nth(1)).to_contain_text("pos-08")
    expect(page.get_by_role("button", name="pos-08 向下")).to_be_focused()
    assert_usable(page)
    page.goto(f"{console.address}topology")
    lane = page.locator(f'[id="lane-{BOX}/{LINK}"]')
    expect(lane).to_contain_text("现场所走")
    assert lane.locator(".cell").all_inner_texts()[:3] == ["● pos-01", "● pos-08", "● pos-02"]
    assert_usable(page)
    lane.get_by_role("button", name="点名").click()
    expect(page.locator("h1")).to_contain_text("8 台终端")
    page.goto(f"{console.address}devices?find=pos-08")
    page.locator("tbody a", has_text="pos-08").click()
    expect(page.locator("main")).to_contain_text("从到货到开卖")
    assert_usable(page)
