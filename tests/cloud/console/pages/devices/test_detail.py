"""One device: what is known of it stands there, and what is not is said to be unknown; radius of what would stop it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.pages.devices.arrival import is_underway, steps
from cloud.console.pages.devices.radius import closed_boxes, radius
from cloud.console.pages.devices.service import hidden_of, offset_of
from cloud.ledger.fleet.jobs.views import Stops
from cloud.ledger.read.views import RecordView, TerminalBody
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.samples import Samples
from cloud.watch.turn import BEAT
from shared.clocks.campus_clock import WALL
from shared.clocks.school_days import WEEKDAYS
from shared.fleet.parameters import MealRow
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.console.rig import Rig, made
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.fleet.parameters.test_pushing import Office, campus_file

POS = c.POS.hex()
NOON_S = c.T0 + 3600
MEALS = (MealRow(1, "早餐", 6 * 3600), MealRow(2, "午餐", 11 * 3600))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path, signer=Signer()) as found:
        yield found


def test_a_device_that_never_spoke_is_unknown_and_not_zero(rig: Rig) -> None:
    page = rig.browser().see(f"/devices/{POS}")
    assert "pos-01" in page
    assert c.psam(1).hex() in page
    assert "还没有状态报告" in page
    assert "24 小时内都不知道" in page
    assert page.count("未知") >= 5
    assert "● 已入网" not in page


def test_what_it_owes_is_told_in_ranges(rig: Rig) -> None:
    at_ms = int(time.time() * 1000)
    status = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 1, 40, 4, 2),), 1, 1, 900, True, 9700, 11)
    rig.ledger.store_status(c.BOX, status, at_ms)
    page = rig.browser().see(f"/devices/{POS}")
    assert "1–40" in page
    assert "已校时" in page
    assert "900" in page


def test_of_a_silent_one_what_it_owed_is_as_of_then(rig: Rig) -> None:
    """Nothing was owed when it was heard last; what it has written since nobody knows."""
    status = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 1, 0, 0, 0),), 1, 1, 900, True, 9700, 11)
    rig.ledger.store_status(c.BOX, status, int(time.time() * 1000))
    page = rig.browser().see(f"/devices/{POS}")
    assert "≥ 0" in page
    assert "最近听到时的数，此后未知" in page
    assert "都已收齐" not in page


def test_wanted_stands_beside_reported(rig: Rig) -> None:
    Office(rig.ledger.opened).push(campus_file())
    browser = rig.browser()
    page = browser.see(f"/devices/{POS}")
    assert "参数" in page
    page = browser.see("/parameters?document=parameters")
    assert page.count("◇</span> 未知") == 4
    assert "秋季" in page
    assert "差异未知" in browser.see(f"/parameters/{POS}")
    assert browser.see("/parameters.csv").startswith("\ufeff终端,")
    browser.see("/parameters/000000000000", 404)


def test_the_heartbeat_is_the_watchs(rig: Rig) -> None:
    now_ms = int(time.time() * 1000)
    with rig.sources.watch() as store, store.db.writing():
        source = Source(Kind.TERMINAL, POS)
        Samples(store.db).keep([Signal("terminal-silent", source, now_ms - 7_200_000, 2.0)], now_ms)
        store.set_mark(BEAT, now_ms)
    page = rig.browser().see(f"/devices/{POS}")
    assert 'class="ok"' in page
    assert "有心跳 1" in page
    assert "style=" not in page


def test_sums_and_cards_are_for_whoever_may_see_them(rig: Rig) -> None:
    box = c.Box(rig.ledger)
    box.send(c.stored(c.purchase(1, c.card(1), 1, 500, 9_500)))
    assert "¥5.00" in rig.browser().see(f"/devices/{POS}")
    assert "¥5.00" not in rig.browser("李明", [Grant(Role.DUTY)]).see(f"/devices/{POS}")


def test_an_unknown_number_is_no_device(rig: Rig) -> None:
    browser = rig.browser()
    for number in ("000000000000", "x", "pos-01"):
        browser.see(f"/devices/{number}", 404)


# --- radius ----------------------------------------------------------------------------------------------------------


def test_the_radius_counts_what_sells_and_names_what_is_unknown() -> None:
    stops = [Stops(c.POS, is_heard=True, taps=30, open_slots=0, undrained=0), Stops(c.POS2, False, 0, 0, 0)]
    one = radius([c.POS, c.POS2, c.FAR], stops, (MEALS, WEEKDAYS, NOON_S))
    assert one.said.zh == "午餐时段，影响 1 个窗口（今日 30 笔），另有 1 台未知"
    assert radius([c.POS], stops[:1], ((), WEEKDAYS, NOON_S)).said.zh == "餐次未知，影响 1 个窗口（今日 30 笔）"
    late = radius([c.POS], stops[:1], (MEALS, WEEKDAYS, NOON_S + 8 * 3600))
    assert late.said.zh.startswith("现在不是用餐时段")


def test_a_canteen_is_closed_when_no_till_is_left() -> None:
    boxes = {c.POS: "a", c.POS2: "a", c.FAR: "b", c.LOADER: "a"}
    kinds = {c.POS: "pos", c.POS2: "pos", c.FAR: "pos", c.LOADER: "load"}
    assert closed_boxes([c.POS], [], boxes, kinds) == []
    assert closed_boxes([c.POS, c.POS2], [], boxes, kinds) == ["a"]
    assert closed_boxes([c.POS], [c.POS2], boxes, kinds) == ["a"]
    assert closed_boxes([c.FAR], [], boxes, kinds) == [], "a single till may be stolen"
    assert closed_boxes([c.FAR], [c.POS, c.POS2], boxes, kinds) == [], "it was closed before"


def test_it_is_put_out_of_service_with_an_end_and_back(rig: Rig) -> None:
    rig.browser()
    browser = rig.browser("ops", [Grant(Role.OPERATIONS)])
    browser.send(f"/devices/{POS}/out", 503, reason="", hours="8")
    browser.send(f"/devices/{POS}/out", 503, reason="修", hours="800")
    browser.send(f"/devices/{POS}/out", reason="换屏", hours="8")
    page = browser.see(f"/devices/{POS}")
    assert "停用中 · 换屏 · ops" in page
    assert "恢复使用" in page
    assert browser.see("/devices").count("停用中") == 1
    browser.send(f"/devices/{POS}/back")
    assert "停用中" not in browser.see("/devices")
    assert "停用中 · 换屏" not in browser.see(f"/devices/{POS}")
    browser.send(f"/devices/{POS}/back", 404)
    page = browser.send(f"/devices/{POS}/out", reason="换屏", hours="8", lock="1")
    assert "/devices/order/" in page, "a lock is confirmed by itself"


def test_a_move_is_proposed_here_and_waits(rig: Rig) -> None:
    browser = rig.browser()
    other = next(one.box for one in rig.sources.reader.boxes() if one.box != c.BOX)
    browser.send(f"/devices/{POS}/move", box=other, reason="换楼")
    assert "待两人确认，提议" in browser.see(f"/devices/{POS}")
    assert "终端换到别的网关" in browser.see("/proposals")


def test_who_may_not_command_puts_nothing_out_of_service(rig: Rig) -> None:
    rig.browser()
    far = rig.browser("far", [Grant(Role.OPERATIONS, Scope(box="elsewhere"))])
    far.send(f"/devices/{POS}/out", 404, reason="修", hours="8")


def test_its_clock_is_told_as_far_as_records_tell() -> None:
    def record(time_s: int, came_s: int) -> RecordView:
        return RecordView(0, b"", "", 1, 1, "PURCHASE", b"", "", 1, 850, time_s, came_ms(came_s), "", "", b"")

    def came_ms(campus_s: int) -> int:
        return next(ms for ms in [1_700_000_000_000 + 1000 * (campus_s - int(WALL.at(1_700_000_000)))])

    assert offset_of([]).least_s is None
    assert "未知" in str(offset_of([]).said)
    assert offset_of([record(100, 105), record(90, 200)]).said.zh.startswith("按最近记录，至多慢 5 秒")
    fast = offset_of([record(100, 160), record(200, 170)])
    assert fast.is_fast
    assert fast.said.zh == "至少快 30 秒"


def test_what_its_silence_hides_is_an_estimate_and_never_nought() -> None:
    body = TerminalBody("pos", (), None, None, None, 900, None)
    sale = RecordView(0, b"", "", 1, 1, "PURCHASE", b"", "", 1, 850, 1, 1, "", "", b"")
    assert hidden_of({"owes": 4}, body, [sale]) == (4, 3_400, 900)
    assert hidden_of({"owes": None}, body, [sale]) == (None, None, 900)
    assert hidden_of({"owes": 4}, body, []).fen is None
    assert hidden_of({"owes": 0}, body, []).fen == 0


def test_from_arrival_to_the_first_sale_each_step_is_told_by_the_books() -> None:
    body = TerminalBody("pos", (b"1",), 1, 1, 1, 900, True)
    found = steps({"state": "joined"}, body, [], is_box_heard=True, has_sold=False, is_on_plan=False)
    marks = {one.key: one.mark for one in found}
    assert (marks["arrived_joined"], marks["arrived_parameters"], marks["arrived_sold"]) == ("ok", "warn", "warn")
    assert is_underway(found)
    dark = steps({"state": "unknown"}, body, [], is_box_heard=False, has_sold=True, is_on_plan=True)
    assert {one.key: one.mark for one in dark}["arrived_joined"] == "off", "behind a silent box nothing is known"
    assert not is_underway([one._replace(mark="ok" if one.key != "arrived_plan" else "warn") for one in found])


def test_a_new_terminal_is_told_what_it_waits_for(rig: Rig) -> None:
    page = rig.browser().see(f"/devices/{POS}")
    steps_of = page[page.index("从到货到开卖") :].split("</ol>")[0]
    assert "◇</span> 网关在线" in steps_of
    assert "▲</span> 参数在用" in steps_of
    assert "●</span> 已登记" in steps_of
