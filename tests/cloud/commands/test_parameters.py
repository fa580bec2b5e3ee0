"""python -m cloud parameters: what a person types and reads from the first file to a limit that two persons tighten."""

import json
from pathlib import Path

import pytest

from cloud.__main__ import main
from shared.words.voice import Language, speak
from tests.cloud.campus import FLEET

TEXT = """format = 1
title = "秋季"
[classes]
"学生" = 1
[[meal]]
number = 1
name = "早餐"
from = "05:00"
[[meal]]
number = 2
name = "午餐"
from = "10:30"
[[limit]]
single = "50.00"
[[limit]]
terminals = ["pos-01"]
classes = ["学生"]
meals = ["午餐"]
single = "30.00"
"""


class Desk:
    """A person at the command line, with a file and a key process."""

    def __init__(self, data: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data, self.keys, self.capsys = data, keys, capsys
        self.file = data / "campus.toml"
        self.write()

    def write(self, *changed: tuple[str, str]) -> None:
        text = TEXT
        for old, new in changed:
            assert old in text
            text = text.replace(old, new)
        self.file.write_text(text, encoding="utf-8")

    def run(self, step: str, *words: object) -> tuple[int, str]:
        try:
            code = main(["parameters", step, "--data", str(self.data), "--keys", str(self.keys), *map(str, words)])
        except SystemExit as end:
            code = int(str(end.code))
        said = self.capsys.readouterr()
        return code, said.out + said.err

    def push(self, *words: object) -> tuple[int, str]:
        return self.run("push", self.file, "--who", "王芳", *words)

    def told(self, step: str, *words: object) -> dict:
        return json.loads(self.run(step, *words, "--json")[1])


@pytest.fixture
def desk(early: Path, keys_socket: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(early, keys_socket.with_name(FLEET), capsys)


def test_from_the_first_file_to_the_first_push(desk: Desk) -> None:
    assert desk.run("check", desk.file) == (0, "文件无误：2 餐次，2 条限额，校历 0 段；已对照 4 台终端\n")
    code, said = desk.run("diff", desk.file)
    assert (code, "pos-02、pos-03：\n  各餐 其他卡类 单笔 不限 → 50.00\n" in said) == (1, True)
    assert "pos-01：\n  各餐 其他卡类 单笔 不限 → 50.00\n  午餐 学生 单笔 不限 → 30.00\n" in said
    assert "load-01：\n  首次下发：2 餐次\n" in said
    code, said = desk.push("--all")
    assert (code, "第 1 次下发：4 台有变化，下一餐次生效" in said) == (0, True)
    assert desk.run("diff", desk.file) == (0, "没有变化\n")
    assert desk.push("--all") == (0, "没有变化，未下发\n")
    code, said = desk.run("history")
    assert (code, "第 1 次" in said, "下发  4/4 台  王芳  秋季" in said) == (0, True, True)


def test_a_change_is_told_by_meal_and_class(desk: Desk) -> None:
    desk.push("--all")
    desk.write(('"30.00"', '"35.00"'))
    assert desk.run("diff", desk.file) == (1, "pos-01：\n  午餐 学生 单笔 30.00 → 35.00\n")
    speak(Language.EN)
    assert desk.run("diff", desk.file, "--to", "pos-01") == (1, "pos-01:\n  午餐, 学生: one purchase 30.00 → 35.00\n")
    assert desk.run("diff", desk.file, "--box", "canteen-2") == (0, "nothing changes\n")
    told = desk.told("diff", desk.file)
    assert told["differences"][0]["terminals"] == ["pos-01"]
    assert desk.push("--to", "pos-01")[0] == 0


def test_two_persons_tighten_and_it_says_how_long(desk: Desk) -> None:
    desk.push("--all")
    desk.write(('"30.00"', '"20.00"'))
    assert desk.push("--all")[0] == 2, "without a reason nothing is proposed"
    code, said = desk.push("--all", "--reason", "控费", "--days", "14")
    assert code == 0
    for text in ("午餐 学生 单笔 30.00 → 20.00", "不会拒绝任何一笔", "收紧限额 14 天", "confirm --proposal 1"):
        assert text in said
    assert desk.run("confirm", "--proposal", 1, "--who", "王芳")[0] == 2
    code, said = desk.run("confirm", "--proposal", 1, "--who", "李明")
    assert (code, "已确认" in said, "第 2 次下发：1 台有变化" in said) == (0, True, True)
    told = desk.told("history")
    assert [one["kind"] for one in told["pushes"]] == ["push", "trial"]
    assert (told["pushes"][1]["made"], told["proposals"][0]["state"]) == ({"pos-01": 2}, "confirmed")
    assert told["proposals"][0]["terminals"] == ["pos-01"], "those that change, and no others"


def test_a_canary_then_the_others_then_back(desk: Desk) -> None:
    code, said = desk.push("--all", "--canary", "pos-01")
    assert (code, "第 1 次下发：1 台有变化" in said, "其余 3 台待续：continue 1" in said) == (0, True, True)
    assert "先行  1/4 台" in desk.run("history")[1]
    assert desk.told("continue", 1, "--who", "王芳") == {"push": 2, "made": 3, "of": 3}
    desk.write(('"50.00"', '"60.00"'))
    desk.push("--all")
    code, said = desk.run("rollback", 1, "--who", "王芳", "--reason", "回退")
    assert (code, "收紧限额，须两人" in said) == (0, True)
    assert desk.run("reject", "--proposal", 1, "--who", "李明", "--reason", "不必")[0] == 0
    assert desk.run("continue", 3, "--who", "王芳")[0] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "nowhere.toml"), "nowhere.toml: 无法读取"),
        (("check",), "缺少 WHAT"),
        (("push", "FILE", "--all"), "缺少 --who"),
        (("push", "FILE", "--who", "王芳"), "发给谁"),
        (("push", "FILE", "--who", "王芳", "--to", "pos-99"), "没有终端 pos-99"),
        (("push", "FILE", "--who", "王芳", "--box", "b-9"), "没有网关 b-9"),
        (("push", "FILE", "--who", "王芳", "--to", "pos-01", "--canary", "pos-02"), "pos-02 不在下发范围内"),
        (("rollback", "x", "--who", "王芳"), "应为第几次下发的号"),
        (("rollback", "7", "--who", "王芳"), "没有第 7 次下发"),
        (("confirm", "--proposal", "7", "--who", "王芳"), "没有提议 7"),
    ],
)
def test_wrong_use_is_told_and_changes_nothing(desk: Desk, words: tuple[str, ...], said: str) -> None:
    step, *rest = (str(desk.file) if word == "FILE" else word for word in words)
    code, text = desk.run(step, *rest)
    assert (code, said in text) == (2, True)
    assert desk.told("history") == {"pushes": [], "proposals": []}


def test_a_wrong_file_is_named_by_line_and_nothing_is_pushed(desk: Desk) -> None:
    desk.write(('terminals = ["pos-01"]', 'terminals = ["pos-77"]'))
    for step, *words in (("check",), ("diff",), ("push", "--all", "--who", "王芳")):
        code, said = desk.run(step, desk.file, *words)
        assert (code, said) == (2, "错误：第 15 行 limit terminals: 本校没有 pos-77\n")


def test_a_key_process_that_is_away_changes_nothing(desk: Desk) -> None:
    desk.keys = desk.keys.with_name("nobody.sock")
    code, said = desk.push("--all")
    assert (code, "KeyProcessAway" in said) == (1, True)
    assert desk.told("history")["pushes"] == []


def test_a_file_is_checked_where_there_is_no_campus(desk: Desk) -> None:
    desk.data = desk.data.parent / "elsewhere"
    assert desk.run("check", desk.file) == (0, "文件无误：2 餐次，2 条限额，校历 0 段；没有账本，未核对终端名\n")


def test_the_knob_is_proposed_tried_on_history_and_never_below_a_meal(desk: Desk) -> None:
    code, said = desk.run("lower", "--all", "--who", "王芳", "--reason", "欠交增多")
    assert (code, "--yuan" in said, "fen" in said) == (2, True, False), "the option by its own name"
    assert desk.run("lower", "--yuan", "40.00", "--all", "--who", "王芳", "--reason", "欠交增多")[0] == 2, "no file yet"
    desk.push("--all")
    code, said = desk.run("lower", "--yuan", "14.00", "--all", "--who", "王芳", "--reason", "欠交增多")
    assert (code, "低于一餐 ¥15.00" in said) == (2, True), said
    knob = "--yuan", "40.00", "--all", "--days", 7, "--who", "王芳", "--reason", "欠交增多"
    told = desk.told("lower", *knob)
    assert (told["state"], told["days"], told["refused"]) == ("waits", 7, [])
    assert desk.run("diff", desk.file) == (0, "没有变化\n"), "nothing changes yet"
    assert desk.run("confirm", "--proposal", told["proposal"], "--who", "王芳")[0] == 2
    assert desk.run("confirm", "--proposal", told["proposal"], "--who", "李明")[0] == 0
    code, said = desk.run("diff", desk.file)
    assert (code, "当日合计 40.00 → 不限" in said, "单笔 40.00 → 50.00" in said) == (1, True, True), said
    lower = desk.told("lower", "--yuan", "35.00", *knob[2:])
    assert lower["state"] == "waits", "it builds on the file, not on the trial"
    code, said = desk.run("lower", "--yuan", "40.00", "--to", "load-01", "--who", "王芳", "--reason", "x")
    assert (code, "已不高于" in said) == (2, True), said
