"""The topology: lines in the order of their cable, a break between the right two, and a silent box that is never ok."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.pages.places.lanes import CELLS_MAX, SMALL, Cell, Cut, Lane, gathered, looked_for, with_shown
from cloud.watch.alarms.states import Alarm, Deed
from cloud.watch.alarms.topology import segment
from cloud.watch.alarms.watching import Change, Key
from shared.facts.told import Level
from shared.ids import BoxId
from shared.inventory import BoxRow, DeviceKind, DeviceRow
from shared.wire.messages import BoxState, TerminalState
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def say(rig: Rig, *terminals: tuple[Any, str, str, int], heard_ms: int = 0) -> None:
    """The box's state: of each its device, address, state and for how long it was not heard."""
    now_ms = int(time.time() * 1000) - heard_ms
    rows = tuple(TerminalState(device, at, "can0", state, now_ms - quiet, 3, 3, 0, 0)
                 for device, at, state, quiet in terminals)  # fmt: skip
    rig.ledger.store_state(c.BOX, BoxState(c.BOX, c.STORE, now_ms, True, 7, 1000, 99, 0, 0, rows), now_ms)


def cut(rig: Rig, before: str, behind: str) -> None:
    """As the watch writes it."""
    now_ms = int(time.time() * 1000)
    told = (("link", "can0"), ("behind", behind), ("before", before), ("terminals", 1))
    alarm = Alarm(Level.URGENT, True, False, now_ms, now_ms)
    key = Key("bus-cut", segment(c.BOX, "can0", before))
    with rig.sources.watch() as store, store.db.writing():
        store.write([Change(key, now_ms, Deed.RAISED, alarm, "bus-segment-cut", told)])


def lane(page: str) -> str:
    return re.split(r'<div class="lane|</section>', page[page.index(f'id="lane-{c.BOX}/can0"') :])[0]


def test_the_break_is_drawn_between_the_two_that_the_alarm_names(rig: Rig) -> None:
    say(rig, (c.LOADER, "1", "joined", 0), (c.POS2, "2", "joined", 0), (c.POS, "3", "parted", 60_000))
    cut(rig, before="pos-01", behind="pos-02")
    found = lane(rig.browser().see("/topology"))
    cells = found[found.index('class="cells"') :]
    assert cells.index("● load-01") < cells.index("● pos-02") < cells.index("✂") < cells.index("■ pos-01")
    assert "疑似断开 pos-02 ↔ pos-01" in found


def test_the_cable_gives_the_order_and_not_the_name(rig: Rig) -> None:
    say(rig, (c.POS2, "1", "joined", 0), (c.POS, "2", "joined", 0))
    found = lane(rig.browser().see("/topology"))
    assert found.index("● pos-02") < found.index("● pos-01")
    assert "✂" not in found


def test_a_silent_box_makes_its_lanes_unknown_and_says_since_when(rig: Rig) -> None:
    say(rig, (c.POS, "1", "joined", 0), heard_ms=120_000)
    found = lane(rig.browser().see("/topology"))
    assert 'class="lane dark' in rig.browser().see("/topology")
    assert "未知，最后" in found
    assert "●" not in found
    assert "待结清 未知" in rig.browser().see("/topology")


def test_a_box_that_was_never_heard_has_its_terminals_without_a_place(rig: Rig) -> None:
    page = rig.browser().see("/topology")
    assert "网关还没有说它们接在哪里" in page
    assert "未知，从未通信" in page
    assert "服务未知" in page
    assert 'class="cell ok"' not in page


def test_only_what_has_a_problem_is_left_by_the_filter(rig: Rig) -> None:
    say(rig, (c.POS, "1", "joined", 0), (c.POS2, "2", "joined", 0), (c.LOADER, "3", "joined", 0))
    page = rig.browser().see("/topology?only=bad")
    assert c.BOX not in page
    assert c.OTHER_BOX in page


def test_what_never_joined_is_no_problem_and_is_counted_apart(rig: Rig) -> None:
    say(rig, (c.POS, "1", "joined", 0), (c.POS2, "2", "never", 0), (c.LOADER, "3", "joined", 0))
    found = lane(rig.browser().see("/topology"))
    assert "1 从未入网" in found
    assert "未知" not in found.replace("负载 未知", "")
    assert c.BOX not in rig.browser().see("/topology?only=bad")


def test_whoever_has_one_canteen_sees_its_lanes_alone(rig: Rig) -> None:
    say(rig, (c.POS, "1", "joined", 0), (c.POS2, "2", "joined", 0))
    page = rig.browser("王芳", [Grant(Role.CANTEEN, Scope(box=c.OTHER_BOX))]).see("/topology")
    assert c.OTHER_BOX in page
    assert "pos-01" not in page
    stall = rig.browser("李明", [Grant(Role.CANTEEN, Scope(box=c.BOX, merchant="面点"))]).see("/topology")
    assert "pos-02" in stall
    assert "pos-01" not in stall
    assert "待结清" not in stall[stall.index('class="box') :], "beside what the words mean"


def a_lane(number: int, marks: list[str]) -> Lane:
    cells = tuple(Cell(mark, "joined", f"{number:04x}{at:04x}", f"t{at}") for at, mark in enumerate(marks))
    return Lane("b", f"can{number}", True, False, cells)


def test_of_five_thousand_cells_few_are_shown_and_none_that_is_bad_is_lost_in_a_gap_of_others() -> None:
    lanes = [a_lane(n, ["ok"] * 50) for n in range(100)]
    lanes[7] = a_lane(7, ["ok"] * 20 + ["bad"] * 30)
    lanes[8] = a_lane(8, ["ok", "bad"] * 25)
    shown = with_shown(lanes, ())
    assert [len(one.shown) for one in shown] == [0] * 7 + [10, 50] + [0] * 91
    assert [(cell.mark, cell.hidden) for cell in shown[7].shown if cell.hidden] == [("ok", 16), ("bad", 26)]
    assert len(with_shown(lanes, ["b/can3"])[3].shown) == 50
    dark = [a_lane(n, ["off", "bad"] * 25) for n in range(100)]
    assert sum(len(one.shown) for one in with_shown(dark, ())) <= CELLS_MAX


@pytest.mark.parametrize("silent_from", [101, 20, None])
def test_five_thousand_terminals_are_a_page_below_its_bound(rig: Rig, silent_from: int | None) -> None:
    """Fifty boxes of two lines each: all well, each cut once, and the worst there is, every second one silent."""
    now_ms = int(time.time() * 1000) + 600_000
    boxes = [BoxRow(BoxId(f"b-{n}"), 10 + n, f"食堂{n}", b"") for n in range(50)]
    bodies = {box.box: [c.device(1000 + at * 100 + n) for n in range(100)] for at, box in enumerate(boxes)}
    devices = (DeviceRow(d, DeviceKind.POS, box, d.hex(), "窗口", "面点") for box, mine in bodies.items() for d in mine)
    now = c.inventory()
    inventory = c.inventory(number=2, boxes=(*now.boxes, *boxes), devices=(*now.devices, *devices))
    rig.ledger.import_inventory(inventory, c.NOW)
    for box, mine in bodies.items():
        silent = [n % 2 == 0 if silent_from is None else n % 50 >= silent_from for n in range(100)]
        rows = tuple(
            TerminalState(d, str(n % 50 + 1), f"can{n // 50}", "parted" if silent[n] else "joined", now_ms, 1, 1, 0, 0)
            for n, d in enumerate(mine)
        )
        rig.ledger.store_state(box, BoxState(box, c.STORE, now_ms, True, 0, 9, 0, 0, 0, rows), now_ms)
    page = rig.browser().see("/topology")
    assert len(re.findall(r"<[a-z]", page)) <= 3_000
    assert "50 正常" in page if silent_from == 101 else "■" in page


def test_a_small_campus_is_shown_whole() -> None:
    shown = with_shown([a_lane(0, ["ok"] * SMALL)], ())
    assert len(shown[0].shown) == SMALL


def test_a_break_stands_at_the_edge_of_a_gap_though_all_around_are_alike() -> None:
    cells = list(a_lane(0, ["bad"] * 20).cells)
    cells[9] = cells[9]._replace(cut=Cut("b", "can0", "t9", "t8", 1, True))
    found = list(gathered(cells))
    at = next(at for at, cell in enumerate(found) if cell.cut)
    assert (found[at - 1].name, found[at].name) == ("t8", "t9")


def order(browser: Browser) -> list[str]:
    page = browser.see(f"/topology/order?lane={c.BOX}/can0")
    return re.findall(r'<li data-place="\d+">.*?>((?:pos|load)-\d+)</a>', page, re.DOTALL)


def test_a_cable_is_drawn_in_the_order_that_somebody_walked(rig: Rig) -> None:
    say(rig, (c.LOADER, "1", "joined", 0), (c.POS2, "2", "joined", 0), (c.POS, "3", "joined", 0))
    browser, lane_of = rig.browser(), f"{c.BOX}/can0"
    assert order(browser) == ["load-01", "pos-02", "pos-01"]
    browser.send("/topology/order", lane=lane_of, device=c.POS.hex(), to="1")
    browser.send("/topology/order", lane=lane_of, device=c.POS2.hex(), by="up")
    assert order(browser) == ["pos-01", "pos-02", "load-01"]
    found = lane(browser.see("/topology"))
    assert found.index("● pos-01") < found.index("● load-01")
    assert "现场所走" in found
    browser.send("/topology/order", 404, lane=lane_of, device="00", to="1")
    browser.send("/topology/order", 400, lane=lane_of, device=c.POS.hex(), to="first")
    browser.send("/topology/order/reset", lane=lane_of)
    assert order(browser) == ["load-01", "pos-02", "pos-01"]


def test_a_cut_of_a_walked_cable_is_looked_for_by_its_own_order(rig: Rig) -> None:
    say(rig, (c.LOADER, "1", "parted", 60_000), (c.POS2, "2", "joined", 0), (c.POS, "3", "parted", 60_000))
    browser = rig.browser()
    assert "✂ 疑似断开" not in lane(browser.see("/topology")), "the box's order has no cut"
    browser.send("/topology/order", lane=f"{c.BOX}/can0", device=c.POS2.hex(), to="1")
    found = lane(browser.see("/topology"))
    assert "疑似断开 pos-02 ↔ load-01" in found
    assert "按所走的次序推断" in found


def test_one_alone_or_all_together_are_no_cut() -> None:
    def cells(marks: str) -> list[Cell]:
        return [Cell({"o": "ok", "b": "bad"}[mark], "joined", name=str(at)) for at, mark in enumerate(marks)]

    assert looked_for("b", "l", cells("ooob")) == {}
    assert looked_for("b", "l", cells("bbbb")) == {}
    assert list(looked_for("b", "l", cells("obbb"))) == ["1"]
    assert looked_for("b", "l", cells("obbo")) == {}


def test_a_roll_call_is_of_those_that_he_may_order_about_and_is_confirmed(rig: Rig) -> None:
    say(rig, (c.POS2, "1", "joined", 0), (c.POS, "2", "joined", 0))
    page = rig.browser().send("/topology/ask", lane=f"{c.BOX}/can0")
    assert "/devices/order/" in page
    far = rig.browser("far", [Grant(Role.OPERATIONS, Scope(box="elsewhere"))])
    far.send("/topology/ask", 404, lane=f"{c.BOX}/can0")
    far.see(f"/topology/order?lane={c.BOX}/can0", 404)
