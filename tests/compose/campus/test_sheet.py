"""The closing sheet: what makes it true, and that one fen out of place does not."""

import re
from dataclasses import replace

import pytest

from compose.campus.figures import Figures, Open, Owed, Terminal
from compose.campus.sheet import WILL, report, sheet
from shared.words.voice import Language, Text, speak

POS = Terminal("pos-01", "1号窗口", 1, 40, 30, 30, 37_500, 0, 0, 0, 0)
LOAD = Terminal("load-01", "大厅圈存机", 1, 2, 2, 2, 0, 2, 10_000, 0, 0)
GOOD = Figures(
    taps=32, declined=3, records=32, posted=32, suspense=0, quarantined=0, no_entry=0, unposted=0,
    opening_fen=100_000, loads=2, loads_fen=10_000, spent_fen=37_500, cards=20, cards_fen=72_500,
    purse_float_fen=72_500, deposits_fen=30_000, online_fen=20_000, transit_fen=0, suspense_fen=0,
    lost=0, double=0, latency_ms={"p50": 4.0, "p99": 9.5},
    verify={"ok": True, "checks": [{"name": "balance"}]}, terminals=(POS, LOAD), faults={}, injected={}, this_run={},
)  # fmt: skip


def test_a_true_sheet_adds_up_by_hand() -> None:
    page = sheet(GOOD)
    assert GOOD.true
    assert "1000.00" in page
    assert page.count("725.00") == 3
    assert "账实相符" in page
    assert "pos-01" in page


def test_the_last_row_is_what_the_rows_above_come_to() -> None:
    (total,) = [line for line in sheet(GOOD).splitlines() if line.startswith("  合计")]
    assert total.split()[1:] == ["32", "32", "375.00", "100.00", "0"]


def test_a_replay_that_was_cut_short_says_so() -> None:
    page = sheet(replace(GOOD, this_run={"taps": 32, "trace_lines": 40, "trace_left": 8}))
    assert "重放未完，还有 8 行未放" in page
    assert "流水文件行 40" in page
    assert "重放未完" not in sheet(GOOD)


def test_pending_loads_and_voids_stand_beside_the_sum() -> None:
    figures = replace(GOOD, pending_fen=567, voids=1, voided_fen=567)
    assert figures.true
    assert (report(figures)["pending_fen"], report(figures)["voids"], report(figures)["voided_fen"]) == (567, 1, 567)
    page = sheet(figures)
    assert page.count("5.67") == 4
    assert "369.33" in page  # what is left to the merchants: 375.00 − 5.67
    assert "29 笔" in page  # purchases: 32 posted, less 2 loads and the void
    assert "撤销" not in sheet(GOOD)


SUBSIDISED = replace(
    GOOD, subsidies=15, subsidy_opening_fen=30_000, subsidy_spent_fen=12_500, subsidy_cards_fen=17_500,
    subsidy_fen=17_500, taps=29, mixed=3,
)  # fmt: skip
"""Of the same sums, a part in subsidy purses; three taps were paid by both purses."""


def rows_of(page: str) -> dict[str, list[str]]:
    """Label → sums of main purse, subsidy purse and both."""
    top = page.splitlines()[2:9]
    assert top[0].split() == ["主钱包", "补助钱包", "合计"]
    return {line[4:36].strip(): line[36:].split()[:3] for line in top[1:]}


def test_two_purses_have_a_column_each_that_adds_up_by_hand() -> None:
    assert SUBSIDISED.true
    assert rows_of(sheet(SUBSIDISED)) == {
        "期初余额": ["700.00", "300.00", "1000.00"],
        "圈存": ["100.00", "0.00", "100.00"],
        "消费": ["250.00", "125.00", "375.00"],
        "应在卡内": ["550.00", "175.00", "725.00"],
        "卡内实数": ["550.00", "175.00", "725.00"],
        "总账卡内余额": ["550.00", "175.00", "725.00"],
    }
    assert "成功中混合支付 3" in sheet(SUBSIDISED)
    told = report(SUBSIDISED)
    assert (told["subsidies"], told["subsidy_fen"], told["mixed"]) == (15, 17_500, 3)
    assert not {"补助", "混合"} & {word for word in ("补助", "混合") if word in sheet(GOOD)}


def test_what_the_desk_took_stands_in_the_column_of_the_main_purse() -> None:
    figures = replace(SUBSIDISED, unloads_fen=2_000, cards_fen=70_500, purse_float_fen=70_500, online_fen=22_000)
    assert figures.true
    assert "  − 圈提" in sheet(figures)
    (row,) = [line.split() for line in sheet(figures).splitlines() if "圈提" in line]
    assert row[-3:] == ["20.00", "0.00", "20.00"]


@pytest.mark.parametrize("name", ["subsidy_opening_fen", "subsidy_spent_fen", "subsidy_cards_fen", "subsidy_fen"])
@pytest.mark.parametrize("more", [-1, 1])
def test_a_fen_that_lies_in_the_wrong_purse_is_not_true(name: str, more: int) -> None:
    wrong = replace(SUBSIDISED, **{name: getattr(SUBSIDISED, name) + more})
    assert wrong.unexplained_fen >= 1
    assert "不符！" in sheet(wrong)


def test_an_open_subsidy_purchase_explains_what_its_purse_lacks() -> None:
    paid = {"cards_fen": 72_500 - 1_250, "subsidy_cards_fen": 17_500 - 1_250}
    figures = replace(SUBSIDISED, suspense=1, suspense_fen=1_250, open=(TORN,), **paid)  # type: ignore[arg-type]
    assert figures.adds_up
    assert not replace(figures, subsidy_cards_fen=17_500 - 1_251).adds_up


def test_grants_are_money_that_came_in_and_waits_or_was_claimed() -> None:
    figures = replace(GOOD, granted_fen=900, pending_fen=900)
    assert figures.adds_up
    assert "+ 发放 9.00 − 过渡 9.00" in sheet(figures)
    assert report(figures)["granted_fen"] == 900
    assert not replace(figures, pending_fen=899).adds_up


def test_what_the_card_desk_took_from_cards_stands_in_the_sum() -> None:
    """20.00 unloaded; 30.00 of a void card, which still says them, moved to its successor's account."""
    desk = {"unloads_fen": 2_000, "replaced_fen": 3_000, "purse_float_fen": 67_500, "online_fen": 25_000}
    figures = replace(GOOD, **desk, cards_fen=72_500 - 2_000)  # type: ignore[arg-type]  # whole numbers each
    assert figures.true
    assert (report(figures)["unloads_fen"], report(figures)["replaced_fen"]) == (2_000, 3_000)
    assert "+ 卡务 50.00" in sheet(figures)
    assert "其中旧卡不计 30.00" in sheet(figures)
    assert "旧卡" not in sheet(GOOD)
    assert "圈提" not in sheet(GOOD)
    for wrong in ({"unloads_fen": 1_999}, {"replaced_fen": 2_999}, {"cards_fen": 70_499}, {"online_fen": 24_999}):
        assert not replace(figures, **wrong).true  # type: ignore[arg-type]  # whole numbers each


def test_a_subsidy_that_was_given_back_has_a_line_of_its_own() -> None:
    """7.77 of a void sale and 20.00 of a void card, which still says them."""
    moved = {"replaced_fen": 2_000, "subsidy_replaced_fen": 2_000, "purse_float_fen": 70_500, "subsidy_fen": 15_500}
    figures = replace(SUBSIDISED, voids=1, voided_fen=777, pending_subsidy_fen=2_777, **moved)  # type: ignore[arg-type]
    assert not figures.unexplained_fen
    assert "待回补助" in sheet(figures)
    assert "− 待回补助 27.77" in sheet(figures)
    assert report(figures)["pending_subsidy_fen"] == 2_777
    for wrong in ({"pending_subsidy_fen": 2_776}, {"subsidy_replaced_fen": 1_999}, {"pending_fen": 777}):
        assert replace(figures, **wrong).unexplained_fen  # type: ignore[arg-type]  # whole numbers each


@pytest.mark.parametrize("wrong", [{"voids": 1, "voided_fen": 1}, {"pending_fen": 1}])
def test_a_void_that_did_not_reach_the_holder_is_not_true(wrong: dict[str, int]) -> None:
    assert not replace(GOOD, **wrong).true  # type: ignore[arg-type]  # whole numbers each


def test_entries_that_take_nothing_are_counted_and_explained() -> None:
    bus = Terminal("bus-01", "校车前门", 1, 7, 7, 0, 0, 0, 0, 0, 0, 7)
    figures = replace(GOOD, taps=39, records=39, no_entry=7, zero_rides=7, terminals=(POS, LOAD, bus))
    assert figures.true
    page = sheet(figures)
    assert "下车时扣款 7" in page
    assert "上车未扣 7" in next(line for line in page.splitlines() if "bus-01" in line)
    assert report(figures)["zero_rides"] == report(figures)["by_terminal"]["bus-01"]["zero_rides"] == 7
    assert "下车时扣款" not in sheet(GOOD)


@pytest.mark.parametrize(
    "wrong",
    [{"cards_fen": 72_499}, {"purse_float_fen": 72_501}, {"lost": 1}, {"double": 1},
     {"verify": {"ok": False, "checks": []}}],
)  # fmt: skip
def test_one_thing_wrong_is_not_true(wrong: dict[str, object]) -> None:
    figures = replace(GOOD, **wrong)  # type: ignore[arg-type]  # one field each
    assert not figures.true
    assert report(figures)["ok"] is False
    assert "不符！" in sheet(figures)


@pytest.mark.parametrize(
    "out",
    [{"unposted": 1}, {"owed": 1}, {"terminals": (replace(POS, owes=1),)},
     {"terminals": (replace(POS, open_slots=1),)}],
)  # fmt: skip
def test_what_has_not_come_in_is_not_wrong_and_not_true_either(out: dict[str, object]) -> None:
    figures = replace(GOOD, **out)  # type: ignore[arg-type]  # one field each
    assert not figures.true
    assert report(figures)["ok"] is False
    assert "未收齐" in sheet(figures)


TORN = Open("suspense", "pos-01", 41, "0012", 1250, 7)
HALF = Open("transit", "load-01", 3, "0013", 5000, 95)
OPEN = {"suspense": 1, "suspense_fen": 1250, "transit_fen": 5000, "online_fen": 15_000, "open": (HALF, TORN)}


@pytest.mark.parametrize("cards_fen", [72_500, 72_500 - 1250, 72_500 + 5000, 72_500 + 5000 - 1250])
def test_open_cases_explain_what_they_are_about_but_not_all_is_posted(cards_fen: int) -> None:
    figures = replace(GOOD, **OPEN, cards_fen=cards_fen)  # type: ignore[arg-type]  # one field each
    assert figures.unexplained_fen == 0
    assert figures.adds_up
    assert report(figures)["ok"] is False
    page = sheet(figures)
    assert "未全部入账" in page
    assert "不符！" not in page
    for said in ("50.00", "12.50", "95 秒", "7 秒", "0012", "0013", "#3", "#41", *map(str, WILL.values())):
        assert said in page


@pytest.mark.parametrize("cards_fen", [72_500 - 1251, 72_500 + 5001])
def test_open_cases_explain_no_fen_more(cards_fen: int) -> None:
    figures = replace(GOOD, **OPEN, cards_fen=cards_fen)  # type: ignore[arg-type]  # one field each
    assert figures.unexplained_fen == 1
    assert "不符！" in sheet(figures)


@pytest.mark.parametrize("still", [{"suspense": 1}, {"quarantined": 1}])
def test_what_is_not_posted_is_not_exit_zero(still: dict[str, int]) -> None:
    figures = replace(GOOD, **still)  # type: ignore[arg-type]  # one field each
    assert not figures.true
    assert "未全部入账" in sheet(figures)


def test_online_accounts_must_add_up() -> None:
    assert replace(GOOD, online_fen=19_999).unexplained_fen == 1
    assert "充值 300.00" in sheet(GOOD)


def test_the_report_has_the_promised_keys() -> None:
    promised = (
        "taps declined records posted suspense quarantined unposted opening_fen loads loads_fen spent_fen cards_fen "
        "purse_float_fen latency_ms verify by_terminal faults"
    )
    assert set(promised.split()) <= set(report(GOOD))
    assert set(report(GOOD)["latency_ms"]) == {"p50", "p99"}


def test_terminals_stand_in_the_order_in_which_a_person_looks_for_them() -> None:
    labels = ("W10", "圈存机2", "W9", "0012", "12", "食堂1-3", "W", "圈存机10")
    page = sheet(replace(GOOD, terminals=tuple(replace(POS, name=label, place="") for label in labels)))
    named = [line.split()[0] for line in page.splitlines() if line.split()[:1] and line.split()[0] in labels]
    assert named == ["0012", "12", "W", "W9", "W10", "圈存机2", "圈存机10", "食堂1-3"]


def test_a_difference_between_card_and_ledger_is_not_true_until_it_is_explained() -> None:
    assert "差异" not in sheet(GOOD)
    wrong = replace(GOOD, differences=1)
    assert not wrong.true
    assert "不符！" in sheet(wrong)
    assert "未说明 1" in sheet(wrong)
    assert report(wrong)["differences"] == 1
    beyond = replace(GOOD, differences_explained=2, explained_fen=10_000, cards_fen=GOOD.cards_fen + 10_000)
    assert beyond.true
    assert "2 处差异，已说明" in sheet(beyond)
    assert "账实相符" not in sheet(beyond)
    assert not replace(beyond, cards_fen=beyond.cards_fen + 1).true


OWING = replace(
    GOOD, owed=3, owed_fen=2_500, spent_fen=35_000, purse_float_fen=75_000, posted=29, records=29,
    owed_by=(Owed("pos-01", 1, 38, 39), Owed("pos-01", 1, 41, 41)),
)  # fmt: skip
"""Three taps of 25.00 in all lie in a terminal still."""


def test_what_lies_in_a_terminal_is_owed_by_range_and_not_lost() -> None:
    page = sheet(OWING)
    assert (OWING.unexplained_fen, OWING.is_right, OWING.adds_up, OWING.true) == (0, True, False, False)
    assert "丢失 0 · 未达 3" in page
    assert "未达，未丢：3 笔，25.00" in page
    assert "pos-01 存储代 1: 38–39, 41" in page
    assert "未收齐" in page
    assert (report(OWING)["owed"], report(OWING)["lost"], len(report(OWING)["owed_by"])) == (3, 0, 2)
    assert "不符！" in sheet(replace(OWING, lost=1))
    assert replace(OWING, owed_fen=2_499).unexplained_fen == 1


def test_a_ledger_that_was_put_back_is_red_until_two_persons_have_closed_it() -> None:
    said = Text("放回了旧账本：再来 12 条 ¥30.00", "an older ledger was put back: 12 records came again, ¥30.00")
    waits = replace(GOOD, put_back=said, put_backs_open=1)
    assert (waits.adds_up, waits.true) == (False, False)
    assert f"{said}，逐条见 ./ykt cloud put-back" in sheet(waits)
    assert report(waits)["put_back"] == {"open": 1, "said": {"zh": said.zh, "en": said.en}}
    closed = replace(GOOD, put_back=said)
    assert closed.true
    assert said.zh in sheet(closed)
    assert "放回" not in sheet(GOOD)


def test_every_sheet_names_its_checkpoint() -> None:
    assert "检查点：/a/b.checkpoint" in sheet(replace(GOOD, checkpoint="/a/b.checkpoint"))
    assert report(replace(GOOD, checkpoint="/a/b.checkpoint"))["checkpoint"] == "/a/b.checkpoint"


LOSING = replace(
    GOOD, spent_fen=40_000, cards_fen=70_000, losses=1, loss_fen=2_500, loss_purses_fen=2_500, posted=33, records=33
)
"""A lost card paid 25.00 after its report: merchants and card have it, the school has given it back to the purse."""


def test_a_loss_after_a_report_has_its_line_and_no_plain_green_conclusion() -> None:
    assert (LOSING.unexplained_fen, LOSING.true) == (0, True)
    page = sheet(LOSING)
    assert "学校承担：25.00（挂失后消费 1 笔 25.00）" in page
    assert "账实相符" not in page
    assert "另有挂失后损失 25.00" in page
    assert "含补回挂失卡 25.00" in page
    assert (report(LOSING)["loss_fen"], report(LOSING)["losses"]) == (2_500, 1)
    assert "挂失" not in sheet(GOOD)
    assert replace(LOSING, loss_purses_fen=2_400).unexplained_fen == 100


def test_what_is_provided_for_a_written_off_terminal_is_a_loss_too() -> None:
    page = sheet(replace(GOOD, loss_fen=2_500, loss_provision_fen=2_500))
    assert "准备未用 25.00" in page
    assert "账实相符" not in page


FULL = replace(
    SUBSIDISED, **OPEN, voids=1, voided_fen=777, pending_fen=10, pending_subsidy_fen=2_777, granted_fen=5, zero_rides=3,
    unloads_fen=100, replaced_fen=2_000, owed=3, owed_by=OWING.owed_by, differences=1, explained_fen=1, losses=1,
    loss_fen=2_500, loss_provision_fen=1, loss_purses_fen=100, put_back=Text("放回", "put back"), put_backs_open=1,
    checkpoint="/a", this_run={"taps": 1, "trace_left": 8}, terminals=(replace(POS, place="W", open_slots=1), LOAD),
)  # fmt: skip
"""Every line that a sheet can have."""


def columns(page: str) -> set[int]:
    """How wide the rows of terminals are, and the heads over them, on the screen."""
    rows = page[page.index("load-01  ") :].splitlines()[:3]
    head = next(line for line in page.splitlines() if line.startswith(("  终端", "  terminal")))
    cut = ["  load-01" + rows[0].removeprefix("load-01"), rows[1].partition("  未决")[0].partition("  open")[0]]
    return {sum(2 if ord(char) > 0x2E7F else 1 for char in line) for line in (head, *cut, rows[2])}


@pytest.mark.parametrize("language", list(Language))
def test_the_columns_line_up_in_both_languages(language: Language) -> None:
    speak(language)
    assert len(columns(sheet(replace(FULL, open=())))) == 1


def test_an_english_sheet_has_no_chinese_word_and_the_report_no_language() -> None:
    told = report(FULL)
    speak(Language.EN)
    page = sheet(FULL).replace("大厅圈存机", "")
    assert not re.search("[\u3000-\uffef\u4e00-\u9fff]", page), page
    for said in ("Closing sheet", "opening balance", "NOT TRUE", "put back; each: ./ykt cloud put-back"):
        assert said in page
    assert "All posted and true." in sheet(GOOD)
    assert report(FULL) == told


def test_alarms_stand_at_the_end_and_change_no_verdict() -> None:
    worst = {"zh": "网关失联 第一食堂", "en": "box is not heard 第一食堂"}
    alarms = {"grades": {"urgent": 1}, "unseen": 1, "returned": 0, "worst": worst, "drill": False}
    page = sheet(replace(GOOD, alarms=alarms))
    assert page.index("报警：紧急 1") < page.index("结论：账实相符")
    assert report(replace(GOOD, alarms=alarms))["alarms"] == alarms
    assert "报警：未知" in sheet(GOOD)
    assert report(GOOD)["alarms"] is None
