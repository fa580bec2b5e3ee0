"""Settlement and reports: what was taken, by whom it may be seen, and whether it is all of it."""

import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.ledger.read.shown.takings import LINES
from shared.clocks.clock import day_text
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c

DAY = day_text(c.T0 // c.DAY_S)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        first = c.purchase(1, c.card(1), 1, 700, c.OPENING)
        sales = [c.stored(first), c.stored(c.purchase(2, c.card(2), 1, 300, c.OPENING, time=c.T0 + 3600))]
        c.Box(found.ledger).send(*sales, c.stored(c.purchase(1, c.card(3), 1, 500, c.OPENING, at=c.POS2), c.POS2))
        far = c.Box(found.ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE)
        far.send(c.stored(c.purchase(1, c.card(4), 1, 900, c.OPENING, at=c.FAR), c.FAR))
        c.Box(found.ledger, row=3).send(c.void(3, first))
        yield found


def test_a_merchant_is_owed_what_was_taken_less_what_was_given_back(rig: Rig) -> None:
    page = rig.browser("王芳", [Grant(Role.FINANCE)]).see(f"/settlement?first={DAY}")
    mine = page.split("<tbody>")[1].split("一楼大伙</a>")[1].split("</tr>")[0]
    assert all(text in mine for text in ("¥10.00", "¥7.00", "¥3.00"))
    assert all(text in page.split("<tfoot>")[1] for text in ("¥24.00", "¥17.00"))


def test_days_that_terminals_may_still_add_to_say_so_and_name_them(rig: Rig) -> None:
    page = rig.browser().see(f"/settlement?first={DAY}")
    assert "未收齐" in page
    assert all(name in page.split("<details", 1)[1] for name in ("pos-01", "pos-03", "未知"))
    assert "load-01" not in page
    assert "当天还没有结束" in rig.browser().see("/reports")


def test_whoever_sees_one_canteen_or_stall_sees_its_money_alone(rig: Rig) -> None:
    canteen = rig.browser("李明", [Grant(Role.CANTEEN, Scope(box=c.OTHER_BOX))]).see(f"/settlement?first={DAY}")
    assert ("¥9.00" in canteen, "一楼大伙" in canteen, "¥24.00" in canteen) == (True, False, False)
    stall = rig.browser("赵磊", [Grant(Role.STALL, Scope(box=c.BOX, merchant="面点"))])
    for path in ("/settlement", "/settlement.csv", "/reports", "/reports.csv"):
        text = stall.see(f"{path}?first={DAY}&kind=merchant")
        assert ("一楼大伙" in text, "24" in text.split("<main")[-1].replace(DAY, "")) == (False, False), path
        assert "5.0" in text, path


@pytest.mark.parametrize(("kind", "row"), [
    ("day", DAY), ("canteen", "第二食堂"), ("cross", "第一食堂"), ("merchant", "面点"),
    ("terminal", "pos-01 · 1号窗口 · 一楼大伙"), ("hour", "12:00–13:00"),
])  # fmt: skip
def test_each_report_adds_up_to_the_day(rig: Rig, kind: str, row: str) -> None:
    page = rig.browser().see(f"/reports?kind={kind}&first={DAY}")
    assert row in page.split("<tbody>")[1]
    assert "¥17.00" in page.split("<tfoot>")[1]


def test_day_canteen_merchant_and_meal_stand_apart_and_go_home_so(rig: Rig) -> None:
    text = rig.browser().see(f"/reports.csv?kind=cross&first={DAY}")
    heads, *rows = text.lstrip("\ufeff").splitlines()
    assert heads.split(",")[:5] == ["日", "食堂", "商户", "餐次", "笔数"]
    assert [row.split(",")[:5] for row in rows] == [
        [DAY, "第一食堂", "一楼大伙", "未知", "2"], [DAY, "第一食堂", "面点", "未知", "1"],
        [DAY, "第二食堂", "面点", "未知", "1"],
    ]  # fmt: skip


def test_a_report_asks_as_much_of_a_year_as_of_a_day(rig: Rig) -> None:
    """By the day's index, and not by every line of the books."""
    with rig.ledger.database.reading():
        plan = rig.ledger.database.run("EXPLAIN QUERY PLAN " + LINES.format(stored=""), (0, 9, 9, "a", "b", "a", "b"))
    assert any("ix_posting_day" in str(row) for row in plan)
    assert not any(str(row[-1]).startswith(("SCAN p", "SCAN h")) for row in plan)


def test_settlement_says_which_days_nobody_has_closed(rig: Rig) -> None:
    page = rig.browser("王芳", [Grant(Role.FINANCE)]).see(f"/settlement?first={DAY}")
    assert ("0 / 1 天已日结" in page, f"未日结： {DAY}" in page) == (True, True)


def test_the_period_before_stands_beside(rig: Rig) -> None:
    tomorrow = day_text(c.T0 // c.DAY_S + 1)
    row = rig.browser().see(f"/reports?kind=day&first={tomorrow}").split("<tbody>")[1].split("</tr>")[0]
    assert (tomorrow in row, "¥17.00" in row, "¥0.00" in row) == (True, True, True)


def test_it_goes_home_as_a_sheet_of_numbers(rig: Rig) -> None:
    browser = rig.browser()
    answer = browser.client.get(f"/settlement.xlsx?first={DAY}&sort=report_net&down=1")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.get_data())).active.values)
    assert [row[0] for row in rows] == ["商户", "面点", "一楼大伙"]
    assert rows[1][5] == 14
    assert browser.see(f"/reports.csv?kind=merchant&first={DAY}").startswith("\ufeff项目,")
    assert "没有入账的消费" in browser.see("/settlement?first=2020-01-01")


@pytest.mark.parametrize(
    "asked", ["first=x", "first=2026-13-40&last=1", "first=1999-01-01", "kind=none", "last=2099-01-01"]
)
def test_an_address_without_sense_is_today(rig: Rig, asked: str) -> None:
    rig.browser().see(f"/reports?{asked}")
