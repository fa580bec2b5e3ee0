"""Floor plans: a drawing taken and served with care, devices placed in a draft and published, seen by whom they are."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.asgi import TEXT_MAX
from cloud.console.pages.places.kept import DRAWINGS_KEPT
from tests.cloud.console.pages.places import drawn
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.held.test_swaps import SPARES, SWAP

POS, POS2, FAR = c.POS.hex(), c.POS2.hex(), c.FAR.hex()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def send_plan(
    browser: Browser, found: bytes, name: str = "一楼", box: str = "", to: str = "", status: int = 302
) -> str:
    file = io.BytesIO(found), "../../etc/plan.png"
    return browser.send(f"/uploads/plans{to}", status, name=name, box=box, drawing=file)


def place(browser: Browser, device: str, x: str = "25", y: str = "50", status: int = 302, **more: str) -> str:
    return browser.send("/plans/1/place", status, device=device, x=x, y=y, **more)


def symbols(page: str) -> list[tuple[str, str, str]]:
    """Mark, x, y of each."""
    return re.findall(r'class="spot (\w+)[^"]*"[^>]*transform="translate\(([\d.]+) ([\d.]+)\)"', page)


def test_what_is_placed_is_a_draft_until_it_is_published(rig: Rig) -> None:
    browser = rig.browser()
    send_plan(browser, drawn.png(8, 4))
    place(browser, POS)
    assert symbols(browser.see("/plans/1")) == []
    assert symbols(browser.see("/plans/1/edit")) == [("off", "250.0", "250.0")]
    assert "草稿与已发布的不同" in browser.see("/plans/1/edit")
    browser.send("/plans/1/publish")
    page = browser.see("/plans/1")
    assert symbols(page) == [("off", "250.0", "250.0")]
    assert 'href="/devices' in page
    assert 'method="post"' not in page[page.index('id="fresh"') :]
    assert "与已发布的相同" in browser.see("/plans/1/edit")
    (row, *_) = rig.sources.audit.rows(Question(act="place_device"))
    assert (row.deed.object, "pos-01" in row.deed.zh) == ("plan:1", True)


def test_arrows_move_by_a_percent_and_end_at_the_edge(rig: Rig) -> None:
    browser = rig.browser()
    send_plan(browser, drawn.png(8, 8))
    place(browser, POS, "99.5", "50")
    for by in ("right", "right", "up"):
        place(browser, POS, by=by)
    assert symbols(browser.see("/plans/1/edit")) == [("off", "1000.0", "490.0")]
    page = browser.see(f"/plans/1/edit?pick={POS}&by=up")
    assert 'value="up" aria-label="向上" autofocus' in page
    assert page.count("autofocus") == 1


def test_steps_are_undone_one_by_one_and_a_draft_can_be_let_go(rig: Rig) -> None:
    browser = rig.browser()
    send_plan(browser, drawn.png(8, 8))
    place(browser, POS, "10", "10")
    place(browser, POS, "20", "20")
    browser.send("/plans/1/take-off", device=POS)
    assert symbols(browser.see("/plans/1/edit")) == []
    found = []
    for _ in range(3):
        browser.send("/plans/1/undo")
        found.append([x for _, x, _ in symbols(browser.see("/plans/1/edit"))])
    assert found == [["200.0"], ["100.0"], []]
    browser.send("/plans/1/undo")
    place(browser, POS2)
    browser.send("/plans/1/discard")
    assert symbols(browser.see("/plans/1/edit")) == []


def test_another_drawing_keeps_positions_and_the_one_before_comes_back(rig: Rig) -> None:
    browser = rig.browser()
    send_plan(browser, drawn.png(8, 4))
    place(browser, POS, "50", "50")
    browser.send("/plans/1/publish")
    send_plan(browser, drawn.svg(), to="/1")
    assert symbols(browser.see("/plans/1")) == [("off", "500.0", "333.4")]
    assert "/plans/1/drawing/2" in browser.see("/plans/1")
    browser.send("/plans/1/drawing", number="1")
    assert symbols(browser.see("/plans/1")) == [("off", "500.0", "250.0")]
    for _ in range(DRAWINGS_KEPT):
        send_plan(browser, drawn.png(), to="/1")
    browser.see("/plans/1/drawing/2", 404)
    browser.send("/plans/1/drawing", 503, number="2")


def test_a_drawing_is_served_as_what_it_is_and_in_a_sandbox(rig: Rig) -> None:
    browser = rig.browser()
    send_plan(browser, drawn.svg(inside="<script>alert(1)</script>"))
    answer = browser.client.get("/plans/1/drawing/1")
    heads = answer.headers
    assert heads["Content-Type"].startswith("image/svg+xml")
    assert "sandbox" in heads["Content-Security-Policy"]
    assert heads["X-Content-Type-Options"] == "nosniff"
    assert heads["Cache-Control"].startswith("private")
    page = browser.see("/plans/1")
    assert "alert(1)" not in page
    assert '<img src="/plans/1/drawing/1"' in page


def test_what_is_no_drawing_makes_no_plan(rig: Rig) -> None:
    browser = rig.browser()
    assert "不是 PNG、JPEG 或 SVG" in send_plan(browser, b"MZ something", status=503)
    assert "没有选图纸" in browser.send("/uploads/plans", 503, name="x", box="")
    assert "名称须为" in send_plan(browser, drawn.png(), name=" ", status=503)
    assert "没有这台网关" in send_plan(browser, drawn.png(), box="nowhere", status=503)
    assert "还没有平面图" in browser.see("/plans")


def test_a_position_that_is_none_is_refused(rig: Rig) -> None:
    browser = rig.browser()
    send_plan(browser, drawn.png())
    for x in ("", "nan", "1e3", "1" * 9, "５"):
        assert "百分数" in place(browser, POS, x, status=503)
    place(browser, POS, "-5", "200")
    assert symbols(browser.see("/plans/1/edit")) == [("off", "0.0", "500.0")]
    place(browser, "00" * 6, status=404)


def test_a_drawing_may_be_large_and_no_other_form_may(rig: Rig) -> None:
    browser = rig.browser()
    found = drawn.svg(inside="<!--" + "x" * (TEXT_MAX + 100_000) + "-->")
    send_plan(browser, found)
    assert browser.client.get("/plans/1/drawing/1").data == found
    browser.send("/plans/1/place", 413, device=POS, x="1", y="1", more="x" * TEXT_MAX)


def test_whoever_draws_one_canteen_draws_its_plans_with_its_devices_alone(rig: Rig) -> None:
    boss = rig.browser()
    send_plan(boss, drawn.png(), "全校图")
    send_plan(boss, drawn.png(), "一食堂", c.BOX)
    for device in (POS, FAR):
        place(boss, device)
    boss.send("/plans/1/publish")
    other = rig.browser("李明", [Grant(Role.OPERATIONS, Scope(box=c.OTHER_BOX))])
    assert len(symbols(boss.see("/plans/1"))) == 2
    assert len(symbols(other.see("/plans/1"))) == 1
    assert "一食堂" not in other.see("/plans")
    for path in ("/plans/2", "/plans/2/edit", "/plans/1/edit", "/plans/2/drawing/1"):
        other.see(path, 404)
    for act in ("place", "publish", "undo", "discard", "drawing", "take-off", "remove"):
        other.send(f"/plans/2/{act}", 404, device=FAR, x="1", y="1", number="1", name="一食堂")
    other.send("/uploads/plans/2", 404, drawing=(io.BytesIO(drawn.png()), "a.png"))
    send_plan(other, drawn.png(), "全校", status=403)
    send_plan(other, drawn.png(), "二食堂", c.OTHER_BOX)
    other.send("/plans/3/place", 404, device=POS, x="1", y="1")
    other.send("/plans/3/place", device=FAR, x="1", y="1")
    looks = rig.browser("王芳", [Grant(Role.CANTEEN, Scope(box=c.OTHER_BOX))])
    assert "绘制" not in looks.see("/plans/3")
    looks.see("/plans/3/edit", 403)
    looks.send("/plans/3/place", 403, device=FAR, x="1", y="1")


def test_the_tray_finds_by_initials_and_a_plan_is_removed_by_its_name(rig: Rig) -> None:
    browser = rig.browser()
    send_plan(browser, drawn.png())
    page = browser.see("/plans/1/edit?find=dt")
    assert "load-01" in page
    assert "pos-01" not in page
    browser.send("/plans/1/remove", 503, name="二楼")
    browser.send("/plans/1/remove", name="一楼")
    browser.see("/plans/1", 404)
    assert "还没有平面图" in browser.see("/plans")


def test_layers_are_switched_off_and_what_is_off_is_said(rig: Rig) -> None:
    browser = rig.browser()
    send_plan(browser, drawn.png(8, 8))
    place(browser, POS)
    place(browser, c.LOADER.hex(), "60", "60")
    browser.send("/plans/1/publish")
    page = browser.see("/plans/1")
    assert len(symbols(page)) == 2
    assert 'href="?off=load"' in page
    page = browser.see("/plans/1?zoom=2&off=load")
    assert len(symbols(page)) == 1
    assert "1 台在不显示的图层里" in page
    assert "zoom-2" in page
    assert 'href="?zoom=2"' in page, "and on again"
    assert "zoom-1" in browser.see("/plans/1?zoom=9")


def test_floors_of_a_place_lead_to_each_other_and_what_is_on_none_is_named(rig: Rig) -> None:
    browser = rig.browser()
    send_plan(browser, drawn.png(8, 8), "一食堂 1F", box=str(c.BOX))
    send_plan(browser, drawn.png(8, 8), "一食堂 2F", box=str(c.BOX))
    assert 'href="/plans/2"' in browser.see("/plans/1")
    page = browser.see("/plans")
    nowhere = page[page.index("不在任何平面图上") :]
    assert "pos-01" in nowhere
    place(browser, POS)
    browser.send("/plans/1/publish")
    page = browser.see("/plans")
    assert ">pos-01<" not in page[page.index("不在任何平面图上") :]


def test_a_spare_keeps_the_place_of_the_body_that_it_stands_in_for(rig: Rig) -> None:
    browser = rig.browser()
    send_plan(browser, drawn.png(8, 8))
    place(browser, POS)
    browser.send("/plans/1/publish")
    rig.ledger.import_inventory(c.inventory(number=2, spares=SPARES), c.NOW)
    rig.ledger.swap_told(c.BOX, SWAP, c.NOW)
    page = browser.see("/plans/1")
    assert symbols(page) == [("off", "250.0", "500.0")]
    assert "spare-01" in page
    assert "一楼" in browser.see(f"/devices/{SWAP.spare.hex()}")
    assert "备用机已顶替" in browser.see(f"/devices/{POS}")
