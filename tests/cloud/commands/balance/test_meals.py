"""python -m cloud roster, meal-sheet, meals: refused whole with each faulty line named, else two persons' word."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.commands.opening import wall_now
from cloud.ledger.ledger import open_ledger
from shared.clocks.clock import day_number, day_text
from tests.cloud.ledger import campus as c

ADA, BEN, NOBODY = "20260001", "20260002", "20269999"


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> tuple[int, str]:
    try:
        code = main([*map(str, words), "--data", str(data)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


def file(folder: Path, text: str) -> Path:
    made = folder / "table.csv"
    made.write_text(text, encoding="gb18030")
    return made


@pytest.fixture
def enrolled(early: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    table = file(tmp_path, f"学号,卡号,班级\n{ADA},0001,三班\n{BEN},,三班\n")
    assert run(capsys, early, "roster", table, "--dry-run") == (0, "在册名单 2 行，0 人有变，未作任何更改\n")
    assert run(capsys, early, "roster", table, "--who", "李") == (0, "在册名单 2 行，2 人有变\n")
    return early


def day() -> str:
    return day_text(day_number(wall_now().campus_s))


def sheet(tmp_path: Path, *numbers: str) -> tuple[object, ...]:
    where = "--stall", "pos-01", "--day", day(), "--meal", "2"
    return "meal-sheet", file(tmp_path, "学号\n" + "\n".join(numbers)), *where


def meals(capsys: pytest.CaptureFixture[str], data: Path) -> dict[str, object]:
    return dict(json.loads(run(capsys, data, "meals", "--json")[1]))


def test_a_faulty_roster_is_refused_whole(enrolled: Path, tmp_path: Path, capsys) -> None:
    table = file(tmp_path, f"学号,卡号,班级\n{NOBODY},0002,\n20260003,0001,\nx,,\n")
    code, said = run(capsys, enrolled, "roster", table, "--who", "李")
    assert (code, said.splitlines()) == (
        1,
        [
            f"第 3 行 20260003：卡 0001 是 {ADA} 的", "第 4 行 x：学号应为 3 到 16 位数字，或至多 12 位数字和大写字母",
            "在册名单 3 行，0 人有变，2 行有误，未作任何更改",
        ],
    )  # fmt: skip
    assert meals(capsys, enrolled)["enrolled"] == 2


def test_a_sheet_by_two_persons_and_the_deposit_behind_it(enrolled: Path, tmp_path: Path, capsys) -> None:
    faulty = sheet(tmp_path, ADA, NOBODY)
    assert run(capsys, enrolled, *faulty, "--dry-run")[0] == 1
    code, said = run(capsys, enrolled, *faulty, "--who", "李", "--reason", "停电")
    assert (code, said.splitlines()[0]) == (1, f"第 3 行 {NOBODY}：学号不在册")
    code, said = run(capsys, enrolled, *sheet(tmp_path, ADA, BEN), "--who", "李", "--reason", "停电")
    assert (code, said) == (0, "提议 1：应急餐登记单 2 行 ¥30.00，李：停电；待另一人确认\n")
    assert run(capsys, enrolled, "meal-sheet", "--confirm", 1, "--who", "李")[0] == 2
    assert run(capsys, enrolled, "meal-sheet", "--confirm", 1, "--who", "王")[1] == "提议 1 已确认，入账 2 行\n"
    code, said = run(capsys, enrolled, "meals")
    assert f"{ADA} ¥15.00 一楼大伙 餐次 2 登记单" in said
    assert "欠款合计 ¥30.00" in said
    assert "应急餐欠款 ¥15.00：下次充值先还" in run(capsys, enrolled, "card", "0001")[1]
    assert "应急餐欠款" in run(capsys, enrolled, "morning")[1]
    with closing(open_ledger(str(enrolled / "cloud" / "ledger.db"))) as ledger:
        ledger.deposit(c.card(1), 2000, "k", wall_now())
    assert meals(capsys, enrolled)["owed_fen"] == 1500
    said = run(capsys, enrolled, "card", "0001")[1]
    assert "应急餐还款" in said
    assert "合计" in said


def test_the_rule_and_an_empty_sheet(enrolled: Path, capsys) -> None:
    assert run(capsys, enrolled, "meals", "rule", "--yuan", "60", "--times", "2")[0] == 2
    told = run(capsys, enrolled, "meals", "rule", "--yuan", "12", "--times", "3", "--reason", "会议决定")
    assert told == (0, "应急餐每餐 ¥12.00，每人每周 3 次\n")
    said = run(capsys, enrolled, "meal-sheet", "--blank", "12", "--stall", "一楼大伙")[1]
    assert ("¥12.00" in said, "一楼大伙" in said, " 12  " in said, " 13  " in said) == (True, True, True, False)


@pytest.mark.parametrize("words", [(), ("--confirm", 1, "--reject", 1), ("--blank", 0), ("--confirm", 7)])
def test_wrong_use(enrolled: Path, capsys, words: tuple[object, ...]) -> None:
    assert run(capsys, enrolled, "meal-sheet", *words, "--who", "王")[0] == 2
