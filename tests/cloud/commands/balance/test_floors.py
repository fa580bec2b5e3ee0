"""python -m cloud card floor: what stays in online accounts of a class, told, lifted and refused."""

import json
from pathlib import Path

import pytest

from tests.cloud.commands.balance.test_story import run


def test_a_floor_is_told_listed_and_lifted(early: Path, capsys) -> None:
    code, said = run(capsys, early, "floor", "--class", 1, "--yuan", "20.00", "--who", "王芳", "--reason", "押金")
    assert (code, "卡类 1 保底 ¥20.00  王芳 押金" in said) == (0, True), said
    assert run(capsys, early, "floor", "--class", 1, "--yuan", "0", "--who", "李明")[0] == 0
    told = json.loads(run(capsys, early, "floor", "--json")[1])["floors"]
    assert [(one["card_class"], one["fen"], one["who"]) for one in told] == [(1, 0, "李明")]


@pytest.mark.parametrize("words", [("--class", 1), ("--class", 300, "--yuan", "1"), ("--class", 1, "--yuan", "50.01"),
                                   ("--class", 1, "--yuan", "many")])  # fmt: skip
def test_what_is_no_floor_changes_nothing(early: Path, capsys, words: tuple[object, ...]) -> None:
    assert run(capsys, early, "floor", *words, "--who", "王芳")[0] == 2
    assert "共 0 类有" in run(capsys, early, "floor")[1]
