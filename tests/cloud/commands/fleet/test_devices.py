"""python -m cloud device: two persons at a command line, what each sees, and what wrong use gets."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.ledger.ledger import open_ledger
from shared.words.voice import Language, speak
from tests.cloud.ledger import campus as c

MOVE = ("move", "pos-01", "--to", c.OTHER_BOX, "--who", "张三", "--reason", "食堂装修")


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> tuple[int, str]:
    try:
        code = main(["device", "--data", str(data), *map(str, words)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


def test_one_orders_another_confirms(early: Path, capsys) -> None:
    code, said = run(capsys, early, *MOVE)
    for text in ("提议 1：待确认", "pos-01", "canteen-1 移到 canteen-2", "device confirm --proposal 1"):
        assert text in said
    assert (code, run(capsys, early, "confirm", "--proposal", 1, "--who", "张三")[0]) == (0, 2)
    code, said = run(capsys, early, "confirm", "--proposal", 1, "--who", "李四")
    assert (code, "已确认" in said) == (0, True)
    assert "先前已办" in run(capsys, early, "confirm", "--proposal", 1, "--who", "李四")[1]
    code, said = run(capsys, early)
    assert (code, "终端 pos-01  网关 canteen-2" in said, "已确认" in said) == (0, True, True)
    speak(Language.EN)
    said = run(capsys, early, "list")[1]
    assert "terminal pos-01  box canteen-2\n" in said
    assert "proposal 1: confirmed: terminal pos-01 moves from box canteen-1 to canteen-2\n" in said
    with closing(open_ledger(str(early / "cloud" / "ledger.db"))) as ledger:
        assert ledger.opened.picture.registry.serves(c.OTHER_BOX, c.POS)


def test_as_json_and_rejected(early: Path, capsys) -> None:
    made = json.loads(run(capsys, early, *MOVE, "--json")[1])
    assert (made["order"], made["terminal"], made["from"], made["to"]) == ("move", "pos-01", c.BOX, c.OTHER_BOX)
    words = ("reject", "--proposal", 1, "--who", "李四", "--reason", "不搬了", "--json")
    assert json.loads(run(capsys, early, *words)[1])["state"] == "rejected"
    told = json.loads(run(capsys, early, "list", "--json")[1])
    assert {row["name"]: row["box"] for row in told["terminals"]}["pos-01"] == c.BOX
    assert [one["state"] for one in told["proposals"]] == ["rejected"]


def test_an_epoch_is_let_through(early: Path, capsys) -> None:
    code, said = run(capsys, early, "epoch", c.POS.hex(), "--epoch", 40, "--who", "张三", "--reason", "旧副本")
    assert (code, "存储代 40 放行" in said) == (0, True)
    assert run(capsys, early, "confirm", "--proposal", 1, "--who", "李四")[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("move", "--to", c.OTHER_BOX, "--who", "a", "--reason", "b"), "NAME"),
        (("move", "pos-01", "--who", "a", "--reason", "b"), "--to"),
        (("move", "pos-99", "--to", c.OTHER_BOX, "--who", "a", "--reason", "b"), "没有"),
        (("move", "pos-01", "--to", "nowhere", "--who", "a", "--reason", "b"), "没有网关"),
        (("epoch", "pos-01", "--who", "a", "--reason", "b"), "--epoch"),
        (("confirm", "--who", "a"), "--proposal"),
        (("reject", "--proposal", "9", "--who", "a", "--reason", "b"), "没有提议 9"),
        (("wander",), "wander"),
    ],
)
def test_wrong_use_changes_nothing(early: Path, capsys, words: tuple[str, ...], told: str) -> None:
    code, said = run(capsys, early, *words)
    assert (code, told in said) == (2, True), said
