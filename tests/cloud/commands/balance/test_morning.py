"""python -m cloud morning: cards and ledger against the bank, whose figure a person types in or brings as a file."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.commands.opening import wall_now
from cloud.ledger.ledger import open_ledger
from shared.clocks.clock import day_text
from shared.wire.messages import DeviceStatus, EpochStatus
from shared.words.voice import Language, speak
from tests.cloud.ledger import campus as c


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> tuple[int, str]:
    try:
        code = main(["morning", *map(str, words), "--data", str(data)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


def test_without_a_figure_nothing_is_green(early: Path, capsys) -> None:
    code, said = run(capsys, early)
    assert (code, said.splitlines()[0]) == (1, "晨间核对：未知，今天没有银行数")
    assert "卡内余额 ¥800.00" in said
    assert "= 持卡人合计 ¥800.00" in said
    assert "= 账面专户 ¥800.00" in said
    assert "未知：今天没有填银行数" in said


def test_a_figure_with_items_by_name(early: Path, capsys) -> None:
    code, said = run(capsys, early, "bank", "--yuan", "790.00", "--who", "王芳")
    assert (code, said.splitlines()[0]) == (1, "晨间核对：不符，差 -¥10.00")
    item = "--item", "提现未记账=-10.00"
    code, said = run(capsys, early, "bank", "--yuan", "790.00", *item, "--who", "王芳")
    assert (code, said.splitlines()[0]) == (0, "晨间核对：相符，差 ¥0.00")
    assert "在途 提现未记账 -¥10.00" in said
    assert f"{day_text(wall_now().campus_s // c.DAY_S)} 银行 ¥790.00，当时账面 ¥800.00，差 -¥10.00 · 王芳" in said
    told = json.loads(run(capsys, early, "--json")[1])
    assert (told["mark"], told["bank"]["unexplained_fen"], told["accounts"]["purse"]) == ("even", 0, 80_000)


def test_what_is_owed_is_never_green(early: Path, capsys) -> None:
    run(capsys, early, "bank", "--yuan", "800", "--who", "王芳")
    with closing(open_ledger(str(early / "cloud" / "ledger.db"))) as ledger:
        said = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 1, 2, 0, 0),), 1, 1, 100, True, 1, 1)
        ledger.store_status(c.BOX, said, wall_now().unix_ms)
    code, said = run(capsys, early)
    assert (code, "晨间核对：未知" in said, "欠流水，卡内余额未齐：pos-01" in said) == (1, True, True)


def test_the_banks_file_of_yesterday(early: Path, tmp_path: Path, capsys) -> None:
    file = tmp_path / "bank.csv"
    yesterday = day_text(wall_now().campus_s // c.DAY_S - 1)
    file.write_text(f"日期,余额\n{yesterday},800.00\n", encoding="gb18030")
    code, said = run(capsys, early, "bank", "--file", file, "--who", "王芳")
    assert (code, "王芳 bank.csv" in said) == (0, True), said
    assert run(capsys, early, "bank", "--file", file, "--day", "2026-01-01", "--who", "王芳")[0] == 2
    assert run(capsys, early, "bank", "--file", tmp_path / "none.csv", "--who", "王芳")[0] == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--yuan", "many"), "银行数不是金额"),
        (("--yuan", "1", "--item", "x"), "在途项应如"),
        ((), "--yuan 或 --file"),
        (("--yuan", "1", "--file", "x.csv"), "--yuan 或 --file"),
    ],
)
def test_what_is_no_figure_changes_nothing(early: Path, capsys, words: tuple[str, ...], told: str) -> None:
    code, said = run(capsys, early, "bank", *words, "--who", "王芳")
    assert (code, told in said) == (2, True), said
    assert json.loads(run(capsys, early, "--json")[1])["bank"] is None


def test_in_english(early: Path, capsys) -> None:
    speak(Language.EN)
    said = run(capsys, early, "bank", "--yuan", "800.00", "--who", "Wang")[1]
    assert said.startswith("morning check: even, apart ¥0.00")
    assert "= holders in all ¥800.00" in said
