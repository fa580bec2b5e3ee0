"""python -m cloud differences: what is apart, and what somebody has found out; verify and report say the same."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from shared.words.voice import Language, speak
from tests.cloud.campus import Campus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh

WHO = ("--who", "王芳", "--reason", "密钥外泄，已报案")


@pytest.fixture
def data(provisioned: Campus, tmp_path: Path) -> Path:
    """A campus folder with a card that somebody has loaded with raw keys and overspent."""
    folder = provisioned.copy_to(tmp_path / "data").data
    file = folder / "cloud" / "ledger.db"
    file.unlink(missing_ok=True)
    with closing(fresh.in_file(file)) as ledger:
        sales = (c.purchase(1, c.card(1), 0, 9_100, c.OPENING), c.purchase(2, c.card(1), 1, 950, 10_900))
        c.Box(ledger).send(*map(c.stored, sales))
        while ledger.find_differences(c.NOW):
            pass
    return folder


def run(capsys: pytest.CaptureFixture[str], data: Path, verb: str, *words: object) -> tuple[int, str]:
    try:
        code = main([verb, *map(str, words), "--data", str(data)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


def test_what_is_apart_is_listed_explained_and_told_ever_after(data: Path, capsys) -> None:
    code, said = run(capsys, data, "differences")
    assert code == 1
    for text in (
        "差异 1：未说明  卡 0001 主钱包", "卡账 ¥-0.50",
        "余额应为 ¥9.00，读到 ¥109.00，计数器 1", "未说明 2",
    ):  # fmt: skip
        assert text in said
    code, said = run(capsys, data, "verify")
    assert (code, "✗ 卡账差异" in said, "账本有误" in said) == (1, True, True)
    assert json.loads(run(capsys, data, "report", "--json")[1])["differences"] == 2
    for number in (1, 2):
        code, said = run(capsys, data, "differences", "explain", "--number", number, *WHO)
        assert (code, "王芳: 密钥外泄" in said) == (0, True), said
    assert run(capsys, data, "differences", "list")[0] == 0
    code, said = run(capsys, data, "verify")
    assert (code, "△ 卡账差异" in said, "账本无误，另有已说明的差异" in said) == (0, True, True), said
    told = json.loads(run(capsys, data, "report", "--json")[1])
    assert (told["differences"], told["differences_explained"], told["explained_fen"]) == (0, 2, 10_000)


def test_wrong_use_changes_nothing_and_is_told(data: Path, capsys) -> None:
    for words, why in (
        (("explain", *WHO), "缺少 --number"),
        (("explain", "--number", 1, "--who", "王芳"), "缺少 --reason"),
        (("explain", "--number", 9, *WHO), "没有差异 9"),
        (("explain", "--number", 1, "--who", " ", "--reason", "x"), "--who"),
    ):
        code, said = run(capsys, data, "differences", *words)
        assert (code, why in said) == (2, True), said
    listed = json.loads(run(capsys, data, "differences", "--json")[1])["differences"]
    assert [(one["kind"], one["state"]) for one in listed] == [("negative", "unexplained"), ("chain", "unexplained")]


def test_in_english(data: Path, capsys) -> None:
    speak(Language.EN)
    _, said = run(capsys, data, "differences")
    for text in (
        "difference 1: unexplained  card 0001, main purse", "the card has spent money that the ledger never gave",
        "the balance should be ¥9.00, ¥109.00 was read, counter 1", "differences 2, unexplained 2\n",
    ):  # fmt: skip
        assert text in said
    _, said = run(capsys, data, "verify")
    assert "✗ differences" in said
    assert "the ledger is NOT TRUE: " in said
    assert run(capsys, data, "differences", "explain", *WHO) == (2, "error: --number is missing\n")
