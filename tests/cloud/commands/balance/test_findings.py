"""python -m cloud findings and reconcile: what was found, confirmed or undone by a person; which cards do not close."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.commands.opening import wall_now
from cloud.ledger.ledger import open_ledger
from tests.cloud.ledger import campus as c


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> tuple[int, str]:
    try:
        code = main([*map(str, words), "--data", str(data)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


@pytest.fixture
def found(early: Path) -> Path:
    """Card 1 was replayed, and a purchase of it has not come."""
    with closing(open_ledger(str(early / "cloud" / "ledger.db"))) as ledger:
        box, said = c.Box(ledger), c.purchase(1, c.card(1), 0, 1_000, c.OPENING)
        box.send(c.stored(said), c.stored(said._replace(seq=9)))
        box.send(c.stored(c.purchase(3, c.card(1), 2, 300, c.OPENING - 1_500)))
        while ledger.find_differences(wall_now()):
            pass
    return early


def test_a_finding_is_listed_shown_confirmed_and_undone(found: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, found, "findings")
    assert code == 1
    assert "重放" in said
    assert "每餐限 ¥15.00" in said
    code, said = run(capsys, found, "findings", "show", "--number", 1, "--json")
    one = json.loads(said)
    assert (code, one["kind"], one["card"], one["caps"], one["refuses"]) == (0, "replay", "0001", True, False)
    code, said = run(capsys, found, "findings", "confirm", "--number", 1, "--who", "王", "--reason", "两条相同")
    assert code == 0
    assert "直到解除" in said
    code, said = run(capsys, found, "findings", "undo", "--number", 1, "--who", "李", "--reason", "误报", "--json")
    assert (code, json.loads(said)["state"], json.loads(said)["acts"]) == (0, "undone", False)
    assert run(capsys, found, "findings")[0] == 0
    code, said = run(capsys, found, "card", "0001")
    assert "发现 1" in said
    assert "李：误报" in said


@pytest.mark.parametrize(
    "words",
    [
        ("show", "--number", 9), ("confirm", "--number", 9, "--who", "a", "--reason", "b"),
        ("undo", "--number", 1, "--who", "a"), ("undo", "--number", 1, "--who", "a", "--reason", " "), ("show",),
    ],
)  # fmt: skip
def test_bad_words_are_refused_with_the_reason(
    found: Path, capsys: pytest.CaptureFixture[str], words: tuple[object, ...]
) -> None:
    before = run(capsys, found, "findings", "--json")
    code, said = run(capsys, found, "findings", *words)
    assert code == 2
    assert said
    assert run(capsys, found, "findings", "--json") == before


def test_a_card_says_what_is_expected_late_and_unexplained(found: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, found, "reconcile", "0001", "--json")
    (purse,) = json.loads(said)["purses"]
    assert (code, purse["late_fen"], purse["unexplained_fen"]) == (1, -500, 0)
    code, said = run(capsys, found, "reconcile")
    assert code == 1
    assert "不平的卡 1" in said
    code, said = run(capsys, found, "reconcile", "0002")
    assert code == 0
    assert "核对平" in said
    assert run(capsys, found, "reconcile", "nobody")[0] == 2
