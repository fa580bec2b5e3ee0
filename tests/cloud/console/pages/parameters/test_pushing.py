"""Parameters at a screen: edited, compared, pushed by one where no sum changes, by two where one does; taken back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.pages.parameters.sheets import sheet_of, text_of
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import PushKind
from cloud.parameters.campus_file import read_file
from cloud.parameters.written import written
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c

WHOLE = Path("tests/cloud/parameters/campus.toml").read_text(encoding="utf-8")
FILE = """format = 1
title = "秋"

[[meal]]
number = 1
name = "午餐"
from = "10:30"

[[limit]]
single = "50.00"
"""
OPERATIONS, FINANCE = [Grant(Role.OPERATIONS)], [Grant(Role.FINANCE)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path, signer=Signer()) as found:
        yield found


@pytest.fixture
def desk(rig: Rig) -> tuple[Browser, Browser]:
    """Operations, and finance."""
    rig.browser()
    return rig.browser("ops", OPERATIONS), rig.browser("fin", FINANCE)


def drafted(browser: Browser, text: str, **form: str) -> str:
    """The address of the draft."""
    page = browser.send("/uploads/parameters", text=text, **({"as": "text", "to": "all"} | form))
    found = re.search(r'href="(/parameters/draft/[^"]+)"', page)
    assert found
    return found[1]


def pushes(rig: Rig) -> list[tuple[PushKind, str]]:
    return [(push.kind, push.who) for push, _ in ParameterLedger(rig.ledger.opened).history()]


def settled(rig: Rig, desk: tuple[Browser, Browser], text: str = FILE) -> None:
    """This file is at every terminal, by two persons."""
    draft = drafted(desk[0], text)
    desk[0].send(f"{draft}/push", reason="开学")
    desk[1].send("/parameters/waiting/money/1/confirm")
    assert pushes(rig) == [(PushKind.PUSH, "ops, fin")]


def test_a_sheet_says_what_the_file_says() -> None:
    sheet = sheet_of(WHOLE)
    form = {key: sheet[key] for key in ("title", "start", "ceiling")}
    for letter, rows in (("m", sheet["meals"]), ("r", sheet["rules"])):
        for at, row in enumerate(rows):
            form |= {f"{letter}{at}_{key}": value for key, value in row.items()}
    assert text_of(WHOLE, form) == WHOLE, "remarks and all"
    again = text_of(WHOLE, form | {"r1_single": "31.00", "r0_drop": "1", "r5_serve": "no", "r5_at": "0.5"})
    rules = read_file(again).rules
    assert [rule.values.get("single_fen") for rule in rules] == [None, 3_100, 2_500, None]
    assert rules[0].values == {"is_refused": True}
    assert read_file(again).calendar == read_file(WHOLE).calendar
    assert read_file(again).fares == read_file(WHOLE).fares


def test_what_is_written_is_what_was_read() -> None:
    raw = {"format": 1, "a b": 'x"\\\n', "list": ["一", 2], "rows": [{"day": True}, {"in": {"deep": [{"n": 1}]}}]}
    import tomllib

    assert tomllib.loads(written(raw)) == raw


def test_a_change_of_sums_takes_finance(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    ops, fin = desk
    draft = drafted(ops, FILE)
    page = ops.see(draft)
    assert "改变收多少钱" in page
    assert "影响" in page, "the blast radius"
    ops.send(f"{draft}/push", reason="开学")
    assert pushes(rig) == []
    ops.send("/parameters/waiting/money/1/confirm", 403)
    assert "50.00" in fin.see("/parameters/waiting")
    fin.send("/parameters/waiting/money/1/confirm")
    assert pushes(rig) == [(PushKind.PUSH, "ops, fin")]
    fin.send("/parameters/waiting/money/1/confirm", 404)


def test_nobody_confirms_his_own(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    both = rig.browser("both", [*OPERATIONS, *FINANCE])
    draft = drafted(both, FILE)
    both.send(f"{draft}/push", reason="开学")
    assert "另一人" in both.send("/parameters/waiting/money/1/confirm", 503)
    both.send("/parameters/waiting/money/1/reject", reason="不了")
    assert "没有待确认" in desk[1].see("/parameters/waiting")
    assert pushes(rig) == []


def test_names_alone_are_one_persons(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    settled(rig, desk)
    draft = drafted(desk[0], FILE.replace("午餐", "正餐"))
    assert "一人即可" in desk[0].see(draft)
    desk[0].send(f"{draft}/push", reason="改名")
    assert pushes(rig)[-1] == (PushKind.PUSH, "ops")
    assert "草稿已用过" in desk[0].send(f"{draft}/push", 503, reason="再来")


def test_what_tightens_is_the_ledgers_proposal_and_ends(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    settled(rig, desk)
    draft = drafted(desk[0], FILE.replace("50.00", "20.00"))
    assert "收紧限额" in desk[0].see(draft)
    desk[0].send(f"{draft}/push", reason="大额太多", days="7")
    assert "20.00" in desk[1].see("/parameters/waiting")
    desk[1].send("/parameters/waiting/tighter/1/confirm")
    assert pushes(rig)[-1] == (PushKind.TRIAL, "ops, fin")


def test_another_push_meanwhile_voids_draft_and_proposal(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    settled(rig, desk)
    old = drafted(desk[0], FILE.replace("50.00", "60.00"))
    late = drafted(desk[0], FILE.replace("50.00", "70.00"))
    desk[0].send(f"{late}/push", reason="涨价")
    mid = drafted(desk[0], FILE.replace("午餐", "正餐"))
    desk[0].send(f"{mid}/push", reason="改名")
    assert "之后另有下发" in desk[0].see(old)
    assert "其间另有下发" in desk[0].send(f"{old}/push", 503, reason="晚了")
    assert "其间另有下发" in desk[1].see("/parameters/waiting")
    assert "其间另有下发" in desk[1].send("/parameters/waiting/money/2/confirm", 503)


def test_a_canary_goes_first_and_an_earlier_push_comes_back(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    settled(rig, desk)
    draft = drafted(desk[0], FILE.replace("50.00", "60.00"))
    desk[0].send(f"{draft}/push", 503, reason="先试", canary="nobody")
    desk[0].send(f"{draft}/push", reason="先试", canary="pos-01")
    desk[1].send("/parameters/waiting/money/2/confirm")
    assert pushes(rig)[-1] == (PushKind.CANARY, "ops, fin")
    page = desk[0].see("/parameters/pushes/2")
    assert "等在先行之后" in page
    assert "未知" in page, "it has not said what it uses"
    back = desk[0].send("/parameters/pushes/1/again")
    found = re.search(r'href="(/parameters/draft/[^"]+)"', back)
    assert found
    assert "60.00 → 50.00" in desk[0].see(found[1])


def test_a_canary_where_no_sum_changes_takes_no_sum_past_the_second_person(
    rig: Rig, desk: tuple[Browser, Browser]
) -> None:
    settled(rig, desk)
    dearer = FILE.replace("午餐", "正餐") + '\n[[limit]]\nterminals = ["pos-02"]\nsingle = "90.00"\n'
    draft = drafted(desk[0], dearer)
    desk[0].send(f"{draft}/push", reason="改名", canary="pos-01")
    assert len(pushes(rig)) == 1, "what follows the canary by itself changes a sum"
    assert "90.00" in desk[1].see("/parameters/waiting")


def test_a_terminal_that_comes_new_gets_the_file_that_counts_by_one_and_an_older_one_by_two(
    rig: Rig, desk: tuple[Browser, Browser]
) -> None:
    draft = drafted(desk[0], FILE, to="names", names="pos-01")
    desk[0].send(f"{draft}/push", reason="开学")
    desk[1].send("/parameters/waiting/money/1/confirm")
    draft = drafted(desk[0], FILE, to="names", names="pos-02")
    desk[0].send(f"{draft}/push", reason="新机")
    assert pushes(rig)[-1] == (PushKind.PUSH, "ops")
    draft = drafted(desk[0], FILE.replace("50.00", "90.00"), to="names", names="pos-01")
    desk[0].send(f"{draft}/push", reason="涨")
    desk[1].send("/parameters/waiting/money/2/confirm")
    draft = drafted(desk[0], FILE, to="names", names="pos-03")
    desk[0].send(f"{draft}/push", reason="旧价")
    assert len(pushes(rig)) == 3
    assert "旧价" in desk[1].see("/parameters/waiting")


def test_a_file_that_is_too_large_is_not_read(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    large = FILE + "#" * 300_000
    assert "字节" in desk[0].send("/uploads/parameters", 422, text=large, to="all")


def test_a_file_that_is_wrong_is_shown_with_its_fault(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    form = {"as": "text", "to": "all"}
    page = desk[0].send("/uploads/parameters", 422, text=FILE.replace('"50.00"', "50"), **form)
    assert "第 10 行" in page
    assert "50" in page, "and what was typed"
    assert "没有终端" in desk[0].send("/uploads/parameters", 422, text=FILE, **form | {"to": "names", "names": "x"})


def test_fields_are_sent_without_text(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    settled(rig, desk)
    page = desk[0].see("/parameters/edit")
    assert 'value="50.00"' in page
    form = {"title": "秋", "m0_number": "1", "m0_name": "午餐", "m0_from": "10:30", "r0_single": "55.00", "to": "all"}
    answer = desk[0].send("/uploads/parameters", text=FILE, **form)
    found = re.search(r'href="(/parameters/draft/[^"]+)"', answer)
    assert found
    assert "50.00 → 55.00" in desk[0].see(found[1])


def test_who_commands_one_canteen_sets_no_campus_file(rig: Rig) -> None:
    rig.browser()
    part = rig.browser("part", [Grant(Role.OPERATIONS, Scope(box=str(c.BOX)))])
    part.see("/parameters/edit", 403)
    part.send("/uploads/parameters", 403, text=FILE, to="all")
    cook = rig.browser("cook", [Grant(Role.FINANCE, Scope(box=str(c.BOX)))])
    cook.see("/parameters/waiting", 403)


def test_who_sees_one_canteen_sees_its_terminals_of_a_push_and_not_the_campus_file(
    rig: Rig, desk: tuple[Browser, Browser]
) -> None:
    settled(rig, desk)
    draft = drafted(desk[0], FILE.replace("50.00", "60.00"))
    desk[0].send(f"{draft}/push", reason="涨价")
    cook = rig.browser("cook", [Grant(Role.CANTEEN, Scope(box=str(c.OTHER_BOX)))])
    page = cook.see("/parameters/pushes/1")
    assert "pos-03" in page
    assert "pos-01" not in page
    assert "format = 1" not in page
    assert "涨价" not in cook.see("/parameters")
    assert "format = 1" in desk[0].see("/parameters/pushes/1")
