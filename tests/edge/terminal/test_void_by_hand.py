"""A void at the counter by hand: the card that paid, a supervisor's card out of the folder, a PIN alone."""

import json

import pytest

from edge.terminal.counter.commands import Command, Verb, parse
from edge.terminal.play.script import read_script
from shared.errors import ConfigFault
from shared.records.slot_file import render_initial
from tests.edge.terminal.test_process import Campus, Process, on_loop

BOSS = "530300000000f0000001"


@pytest.fixture
def campus(kit, school, tmp_path):
    """A counter that knows one of two supervisors."""
    campus = Campus(kit, school, tmp_path)
    file = campus.folder / "terminal.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"operators": [BOSS]}))
    (tmp_path / "operators").mkdir()
    index = {}
    for number, label in ((1, "主管01"), (2, "主管02")):
        (tmp_path / "operators" / f"{number}.card").write_bytes(render_initial(school.operator(number).image))
        index[label] = {"file": f"{number}.card", "card": f"{BOSS[:-1]}{number}"}
    (tmp_path / "operators" / "index.json").write_text(json.dumps(index, ensure_ascii=False), encoding="utf-8")
    return campus


def test_voids_by_hand(campus):
    async def play():
        async with Process(campus, "--card", "0005", verb="interactive") as hand:
            await hand.until(lambda p: any("在线" in line for line in p.lines))
            await hand.types("sales", "本班没有消费")
            for amount in ("12.50", "3", "40"):
                await hand.types(amount, f"成功 ¥{float(amount):.2f}")
            await hand.types("void", "收银员不能单独撤销这一笔，请用主管卡")
            await hand.types("void 3 主管02", "本机不认识这张主管卡")
            await hand.types("void 3 主管09", "没有这张主管卡")
            await hand.types("void 3", "已登记撤销 ¥40.00", "流水 1/4")
            await hand.types("撤销 1 主管01", "已登记撤销 ¥12.50", "流水 1/5")
            await hand.types("void 1", "已撤销")
            await hand.types("void", "已撤销")
            await hand.types("3", "成功 ¥3.00")
            await hand.types("card 0006", "[0006]")
            await hand.types("void", "不是付款的那张卡")
            await hand.types("card 0005", "[0005]")
            await hand.types("void", "已登记撤销 ¥3.00", "流水 1/7")
            await hand.types("2", "成功 ¥2.00")
            await hand.types("void pin", "撤销已登记 ¥2.00 待中心核定", "流水 1/9")
            await hand.types("sales", "¥40.00  卡尾号 0005  已撤销")
            await hand.types("balance", "¥139.50")

    on_loop(campus, play)


@pytest.mark.parametrize("line", ["void", "撤销", "void 17", "撤销 17", "void 17 主管01", "void pin", "撤销 口令"])
def test_a_void_is_understood(line):
    assert parse(line) == Command(Verb.VOID, line.partition(" ")[2])


@pytest.mark.parametrize("line", ["void x", "void 17.5", "void -1", "void 12345678901", "voided"])
def test_what_is_no_void_is_asked_back(line):
    assert parse(line).verb is Verb.UNKNOWN


def test_a_script_voids(campus, tmp_path):
    script = tmp_path / "sales.jsonl"
    rows = [
        {"card": "0003", "amount_fen": 500}, {"card": "0004", "amount_fen": 700}, {"card": "主管01", "void": 1},
        {"card": "0004", "void": 0}, {"card": "0003", "void": 0},
    ]  # fmt: skip
    script.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    async def play():
        async with Process(campus, "--script", str(script), "--show") as process:
            await process.until(lambda p: p.status.get("script_done") and p.status["drained"])
            said = {name: process.status[name] for name in ("taps", "voids", "voided_fen", "declined")}
            assert said == {"taps": 2, "voids": 2, "voided_fen": 1200, "declined": 1}
            assert await process.end() == 0

    on_loop(campus, play)


@pytest.mark.parametrize("row", [{"void": -1}, {"void": "1"}, {"void": True}, {"void": 1.0}])
def test_a_script_line_that_voids_nothing_is_refused(tmp_path, row):
    (tmp_path / "s").write_text(json.dumps({"card": "0001"} | row), encoding="utf-8")
    with pytest.raises(ConfigFault, match="第 1 行"):
        read_script(tmp_path / "s")
