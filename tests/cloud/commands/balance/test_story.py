"""python -m cloud card 0001: a holder's whole story, which adds up, and tells nothing as known that is not."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.commands.opening import wall_now
from cloud.ledger.journal.balances import fold
from cloud.ledger.ledger import Ledger, open_ledger
from shared.wire.messages import DeviceStatus, EpochStatus
from shared.words.voice import Language, speak
from tests.cloud.ledger import campus as c


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> tuple[int, str]:
    try:
        code = main(["card", *map(str, words), "--data", str(data)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


def file_of(data: Path) -> str:
    return str(data / "cloud" / "ledger.db")


def status(ledger: Ledger, last: int) -> None:
    said = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 0, last, 0, 0),), 1, 1, 100, True, 1, 1)
    ledger.store_status(c.BOX, said, wall_now().unix_ms)


@pytest.fixture
def lived(early: Path) -> Path:
    """Card 1 paid twice, and its till owes two more records; card 1's purchase between them has not come."""
    with closing(open_ledger(file_of(early))) as ledger:
        box = c.Box(ledger)
        box.send(c.stored(c.purchase(1, c.card(1), 1, 500, c.OPENING)))
        box.send(c.stored(c.purchase(4, c.card(1), 3, 300, c.OPENING - 900)))
        ledger.deposit(c.card(1), 2_000, "d-1", c.NOW, "王芳")
        status(ledger, 4)
    return early


def test_a_label_alone_asks_for_the_story(lived: Path, capsys) -> None:
    code, said = run(capsys, lived, "0001")
    assert code == 0
    assert run(capsys, lived, "show", "0001")[1].splitlines()[1:] == said.splitlines()[1:]
    assert "卡 0001  班级 未登记  卡类 " in said
    assert "消费 卡内 −¥5.00 pos-01 1号窗口 序号 1:1 计数器 1；分录 " in said
    assert "凭卡的 TAC" in said
    assert "充值 电子账户 +¥20.00" in said
    assert "王芳" in said


def test_the_sum_line_adds_up(lived: Path, capsys) -> None:
    said = run(capsys, lived, "0001")[1]
    assert "合计 4 笔 = 账本余额：卡内 ¥92.00，电子账户 ¥20.00，过渡余额 ¥0.00" in said
    told = json.loads(run(capsys, lived, "0001", "--json")[1])
    assert (told["adds_up"], told["balances"], told["summed"]) == (True, [9200, 2000, 0, 0, 0, 0], told["balances"])


def test_what_is_late_is_told_and_nothing_is_told_as_known(lived: Path, capsys) -> None:
    said = run(capsys, lived, "0001")[1]
    assert "卡上实有（主钱包）：¥88.00，据 " in said, "what the card said, beside what the books keep"
    assert "其后未知" in said
    assert "主钱包缺消费，计数器（缺口首尾）2：卡已花，流水未到" in said
    assert "pos-01 1号窗口：欠 2 条，其中可能有它的" in said
    assert "欠交的终端交来后自动补记" in said


def test_a_card_that_nobody_saw_is_unknown(lived: Path, capsys) -> None:
    said = run(capsys, lived, "0002")[1]
    assert "卡上实有：未知，还没有它的流水" in said
    assert "pos-01 1号窗口：欠 2 条，其中可能有它的" in said


def test_a_loss_is_part_of_the_story(lived: Path, capsys) -> None:
    run(capsys, lived, "report-lost", "0001", "--who", "李明", "--reason", "丢失")
    said = run(capsys, lived, "0001")[1]
    assert " 挂失 李明 丢失" in said
    assert "在黑名单：挂失 李明" in said
    assert "余款待每台终端收齐且拒收旧卡" in said
    assert "补卡：desk reissue --label 0001" in said


def test_an_edited_balance_is_named(lived: Path, capsys) -> None:
    run(capsys, lived, "0001")
    with closing(open_ledger(file_of(lived))) as ledger, ledger.opened.writing(c.NOW) as writing:
        fold(writing.db)
    with closing(sqlite3.connect(file_of(lived))) as db:
        db.execute("UPDATE balance SET debit_fen = debit_fen + 7 WHERE account = (SELECT purse_account FROM card "
                   "WHERE label = '0001')")  # fmt: skip
        db.commit()
    code, said = run(capsys, lived, "0001")
    assert (code, "≠ 账本余额" in said) == (1, True), said


def test_in_english(lived: Path, capsys) -> None:
    speak(Language.EN)
    said = run(capsys, lived, "0001")[1]
    assert "card 0001  class of holder: not said" in said
    assert "purchase on the card −¥5.00 pos-01 1号窗口 seq 1:1 counter 1; entry " in said
    assert "4 in all = the books: on the card ¥92.00, online ¥20.00, pending ¥0.00" in said


@pytest.mark.parametrize(("words", "told"), [(("nobody",), "没有卡 nobody"), (("shows", "0001"), "没有 shows"),
                                             (("show",), "LABEL")])  # fmt: skip
def test_wrong_use(lived: Path, capsys, words: tuple[str, ...], told: str) -> None:
    code, said = run(capsys, lived, *words)
    assert (code, told in said) == (2, True), said
