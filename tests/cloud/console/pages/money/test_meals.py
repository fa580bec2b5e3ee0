"""The page of emergency meals 应急餐: who may see it, what it lists, a sheet proposed there and decided by another."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role
from cloud.console.frame.clock import wall_now
from cloud.ledger.desk.meals import MealLedger
from cloud.ledger.funds.meals.tables import read_roster
from shared.clocks.clock import day_number, day_text
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c

ADA, BEN, NOBODY = "20260001", "20260002", "20269999"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        lines = read_roster(f"number,card,class\n{ADA},0001,A\n{BEN},,A\n".encode(), "r")
        MealLedger(found.ledger.opened).roster(lines, "r", "school", c.NOW)
        yield found


def finance(rig: Rig, name: str = "张三") -> Browser:
    return rig.browser(name, [Grant(Role.FINANCE)])


def form(numbers: str) -> dict[str, str]:
    day = day_text(day_number(wall_now().campus_s))
    return {"stall": "pos-01", "day": day, "meal": "2", "numbers": numbers, "reason": "停电"}


def test_a_sheet_is_proposed_and_another_one_confirms_and_one_in_a_wrong_name_is_taken_back(rig: Rig) -> None:
    first, second = finance(rig), finance(rig, "李四")
    assert "没有欠款" in first.see("/meals")
    first.send("/meals/sheet", **form(f"{ADA}\n{BEN}"))
    assert "应急餐登记单 2 行" in first.see("/proposals")
    first.send("/proposals/1/confirm", 409)
    second.send("/proposals/1/confirm")
    page = first.see("/meals")
    assert ADA in page
    assert "¥30.00" in page
    told = json.loads(first.see("/api/v1/meals"))
    assert (told["times"], told["owed_fen"]) == (2, 3000)
    entry = next(one["entry"] for one in told["meals"] if one["number"] == ADA)
    assert f"entry={entry}#back" in page
    first.send("/meals/back", 409, entry="x", reason="报错学号")
    first.send("/meals/back", entry=str(entry), reason="报错学号")
    assert f"改正应急餐 {ADA} ¥15.00（分录 {entry}）" in first.see("/proposals")
    first.send("/proposals/2/confirm", 409)
    second.send("/proposals/2/confirm")
    assert "已改正，学校承担" in first.see("/meals")
    told = json.loads(first.see("/api/v1/meals"))
    assert (told["owed_fen"], [one["taken_back"] for one in told["meals"]].count(True)) == (1500, 1)


def test_a_faulty_sheet_proposes_nothing(rig: Rig) -> None:
    browser = finance(rig)
    assert "不在册" in browser.send("/meals/sheet", 409, **form(f"{ADA}\n{NOBODY}"))
    assert "应急餐登记单" not in browser.see("/proposals")


@pytest.mark.parametrize(
    ("yuan", "times", "code"), [("12.00", "3", 302), ("99", "2", 409), ("x", "2", 409), ("12", "-1", 409)]
)
def test_the_rule_has_bounds(rig: Rig, yuan: str, times: str, code: int) -> None:
    browser = finance(rig)
    browser.send("/meals/rule", code, yuan=yuan, times=times, reason="r")
    assert ("每餐 ¥12.00" in browser.see("/meals")) == (code == 302)


def test_who_sees_no_balances_sees_no_debts(rig: Rig) -> None:
    browser = rig.browser("门卫", [Grant(Role.DUTY)])
    browser.see("/meals", 403)
