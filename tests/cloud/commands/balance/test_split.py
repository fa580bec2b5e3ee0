"""python -m cloud split, and card auto-load: both quotas, rules, orders; what contradicts itself changes nothing."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.commands.opening import wall_now
from cloud.ledger.ledger import open_ledger
from shared.words.voice import Language, speak
from tests.cloud.ledger import campus as c


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: str) -> tuple[int, str]:
    code = main([*words, "--data", str(data)])
    said = capsys.readouterr()
    return code, said.out + said.err


@pytest.fixture
def funded(early: Path) -> Path:
    with closing(open_ledger(str(early / "cloud" / "ledger.db"))) as ledger:
        ledger.deposit(c.card(1), 200_00, "d", wall_now())
    return early


def test_both_quotas_and_why_nothing_is_loaded_by_itself(funded: Path, capsys) -> None:
    code, said = run(capsys, funded, "split", "0001")
    assert code == 0
    assert "卡 0001：脱机可用 ¥100.00（卡内，按账本），联机可用 ¥200.00（电子账户，已除保底 ¥0.00）" in said
    assert "自动圈存：没有，或已关闭" in said
    assert "退回电子账户 ¥100.00：持卡到卡务中心圈提" in said
    speak(Language.EN)
    assert "offline ¥100.00 (on the card, by the books), online ¥200.00" in run(capsys, funded, "split", "0001")[1]


def test_a_rule_of_a_class_and_of_a_card(funded: Path, capsys) -> None:
    told = "--below", "120", "--target", "150", "--who", "王芳"
    code, said = run(capsys, funded, "card", "auto-load", "--class", "1", *told)
    assert (code, "卡类 1 自动圈存：低于 ¥120.00 补到 ¥150.00，每日至多 ¥150.00" in said) == (0, True)
    assert "下次联机刷卡自动圈存 ¥50.00" in run(capsys, funded, "split", "0001")[1]
    assert run(capsys, funded, "card", "auto-load", "0001", "--off", "--who", "本人")[0] == 0
    told_json = json.loads(run(capsys, funded, "split", "0001", "--json")[1])
    assert (told_json["auto_load"], told_json["due"]) == (None, {"fen": 0, "why": "no-rule"})
    rules = json.loads(run(capsys, funded, "card", "auto-load", "--json")[1])["auto_load"]
    assert [(one["card_class"], one["card"], one["target_fen"]) for one in rules] == [(-1, "0001", 0), (1, "", 150_00)]


def test_a_class_that_no_card_has_is_said(funded: Path, capsys) -> None:
    told = "--below", "120", "--target", "150", "--who", "王芳"
    assert "没有这一类的卡" not in run(capsys, funded, "card", "auto-load", "--class", "1", *told)[1]
    assert "卡类 200（没有这一类的卡） 自动圈存" in run(capsys, funded, "card", "auto-load", "--class", "200", *told)[1]


def test_a_rule_that_contradicts_itself_is_refused_and_nothing_is_changed(funded: Path, capsys) -> None:
    for below, target, why in (("60", "50", "高于目标"), ("5", "10", "目标低于一餐"), ("50", "5000", "余额上限")):
        code, said = run(capsys, funded, "card", "auto-load", "--class", "1", "--below", below, "--target", target)
        assert (code, why in said) == (2, True), said
    assert run(capsys, funded, "card", "auto-load", "0001", "--class", "1", "--off")[0] == 2
    assert run(capsys, funded, "card", "auto-load", "0001", "--below", "20")[0] == 2
    assert "共 0 条规则" in run(capsys, funded, "card", "auto-load")[1]


def test_an_order_is_made_once_and_called_off(funded: Path, capsys) -> None:
    order = "split", "0001", "--key", "w-1", "--who", "本人", "--order"
    assert "已预约圈存 ¥30.00" in run(capsys, funded, *order, "30")[1]
    assert run(capsys, funded, *order, "30")[0] == 0
    assert run(capsys, funded, *order, "31")[0] == 2
    assert run(capsys, funded, "split", "0001", "--order", "30")[0] == 2, "an order has a key"
    code, said = run(capsys, funded, "split", "0001", "--key", "w-2", "--order", "201")
    assert (code, "现可转 ¥1.00..200.00 到卡上" in said) == (2, True)
    assert "已预约" not in run(capsys, funded, "split", "0001", "--key", "w-3", "--order", "0")[1]


def test_a_card_that_is_none(funded: Path, capsys) -> None:
    assert run(capsys, funded, "split", "9999")[0] == 2
