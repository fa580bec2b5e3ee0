"""python -m cloud day: how days stand, and that none is called closed while records are owed."""

import json
import time
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.commands.opening import wall_now
from cloud.ledger.ledger import Ledger, open_ledger
from shared.clocks.clock import day_text
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.campus import Campus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh

DAY = wall_now().campus_s // c.DAY_S - 1
DATE = day_text(DAY)


@pytest.fixture
def data(provisioned: Campus, tmp_path: Path) -> Path:
    """A campus folder with a sale of yesterday; its till has one more that has not come."""
    folder = provisioned.copy_to(tmp_path / "data").data
    file = folder / "cloud" / "ledger.db"
    file.unlink(missing_ok=True)
    with closing(fresh.in_file(file)) as ledger:
        c.Box(ledger).send(c.stored(sale(1)), now=wall_now())
        heard(ledger, 2)
    return folder


def sale(seq: int):
    return c.purchase(seq, c.card(seq), 1, 500, c.OPENING, time=DAY * c.DAY_S + 40_000 + seq)


def heard(ledger: Ledger, last: int) -> None:
    said = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 0, last, 0, 0),), 1, 1, 100, True, 1, 1)
    ledger.store_status(c.BOX, said, int(time.time() * 1000))


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> tuple[int, str]:
    try:
        code = main(["day", *map(str, words), "--data", str(data)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_day_with_a_gap_is_closed_by_two_persons_who_name_it(data: Path, capsys) -> None:
    code, said = run(capsys, data)
    assert (code, f"{DATE}  ¥5.00  未收齐，不能日结，1 处未齐" in said) == (1, True), said
    code, said = run(capsys, data, "close", "--day", DATE, "--who", "王芳")
    assert (code, "pos-01" in said) == (2, True), said
    code, said = run(capsys, data, "propose", "--day", DATE, "--who", "王芳", "--reason", "1号机送修")
    assert (code, "待第二人确认" in said, "pos-01 1号窗口：欠 1 条（2）" in said) == (1, True, True), said
    (number,) = {day["proposal"] for day in json.loads(run(capsys, data, "--json")[1])["days"] if day["day"] == DATE}
    assert run(capsys, data, "confirm", "--proposal", number, "--who", "王芳")[0] == 2
    code, said = run(capsys, data, "confirm", "--proposal", number, "--who", "李明")
    assert (code, "已注明缺口日结，王芳 → 李明" in said, "账至分录" in said) == (0, True, True), said


def test_what_comes_after_the_close_is_told_beside_it(data: Path, capsys) -> None:
    file = str(data / "cloud" / "ledger.db")
    with closing(open_ledger(file, c.LEDGER_ID)) as ledger:
        heard(ledger, 1)
        code, said = run(capsys, data, "close", "--day", DATE, "--who", "王芳")
        assert (code, "已日结，王芳" in said) == (0, True), said
        c.Box(ledger, row=1).send(c.stored(sale(2)), now=wall_now())
    code, said = run(capsys, data, "--day", DATE)
    assert (code, "日结后又来 ¥5.00" in said) == (0, True), said
    told = json.loads(run(capsys, data, "--day", DATE, "--json")[1])["days"][0]
    assert (told["net_fen"], told["late_fen"], told["closed"]["sums"][0]["gross_fen"]) == (1000, 500, 500)


@pytest.mark.parametrize("words", [("close", "--who", "王芳"), ("close", "--day", "gestern", "--who", "王芳"),
                                   ("confirm", "--proposal", "9", "--who", "李明")])  # fmt: skip
def test_what_is_no_day_is_refused(data: Path, capsys, words: tuple[str, ...]) -> None:
    assert run(capsys, data, *words)[0] == 2
