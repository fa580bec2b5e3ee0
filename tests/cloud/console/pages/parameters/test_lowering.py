"""The knob of limit control at a screen: tried, proposed by one, approved by another; refused beside what was typed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.ledger.fleet.parameters.door import ParameterLedger
from tests.cloud.console.pages.parameters.test_pushing import FINANCE, OPERATIONS, settled
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c

FILE = """format = 1
title = "秋"

[[meal]]
number = 1
name = "午餐"
from = "10:30"

[[limit]]
single = "50.00"
meal = "60.00"
day = "80.00"
"""
ASKED = {"yuan": "40", "to": "all"}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path, signer=Signer()) as found:
        yield found


@pytest.fixture
def desk(rig: Rig) -> tuple[Browser, Browser]:
    """Operations, and finance; a campus file is at every terminal."""
    rig.browser()
    found = rig.browser("ops", OPERATIONS), rig.browser("fin", FINANCE)
    settled(rig, found, FILE)
    return found


def days(rig: Rig) -> set[int]:
    """What a card may spend on a day, wherever it is limited."""
    ledger = ParameterLedger(rig.ledger.opened)
    there = ledger.standing([one.device for one in ledger.positions()])
    found = (one.before.limits_of(0, 1).day_fen for one in there.values() if one.before)
    return {fen for fen in found if fen is not None}


def test_it_is_tried_proposed_and_approved_by_another(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    ops, fin = desk
    assert "不低于一餐" in ops.see("/parameters/lower")
    found = re.search(r'href="(/parameters/draft/[^"]+)"', ops.send("/parameters/lower", **ASKED))
    assert found
    page = ops.see(found[1])
    assert "80.00" in page
    assert "40.00" in page
    ops.send(f"{found[1]}/push", reason="名单旧", days="7")
    assert days(rig) == {80_00}, "one person has changed nothing"
    assert "等第二人确认：1" in re.sub(r"<[^>]+>| ", "", ops.see("/parameters/lower"))
    waiting = re.search(r"/parameters/waiting/tighter/(\d+)/confirm", fin.see("/parameters/waiting"))
    assert waiting
    fin.send(f"/parameters/waiting/tighter/{waiting[1]}/confirm")
    assert days(rig) == {40_00}
    again = re.search(r'href="(/parameters/draft/[^"]+)"', ops.send("/parameters/lower", yuan="30", to="all"))
    assert again
    text = ops.see(again[1]).partition("<pre")[2]
    assert "30.00" in text
    assert "40.00" not in text, "nobody builds on what ends by itself"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"yuan": "14.99", "to": "all"}, "低于一餐"),
        ({"yuan": "80", "to": "all"}, "已不高于"),
        ({"yuan": "vierzig", "to": "all"}, "金额看不懂"),
        ({"yuan": "40", "to": "boxes"}, "请选择在哪里调低"),
        ({"yuan": "0", "to": "all"}, ""),
    ],
)
def test_what_makes_no_sense_is_said_beside_it(desk: tuple[Browser, Browser], form: dict[str, str], said: str) -> None:
    page = desk[0].send("/parameters/lower", 422, **form)
    assert said in page
    assert f'value="{form["yuan"]}"' in page, "it is not to be typed again"


def test_it_goes_down_at_one_box_alone(rig: Rig, desk: tuple[Browser, Browser]) -> None:
    page = desk[0].send("/parameters/lower", yuan="40", to="boxes", box=c.OTHER_BOX)
    found = re.search(r'href="(/parameters/draft/[^"]+)"', page)
    assert found
    assert "pos-01" not in desk[0].see(found[1]).partition("<pre")[0]


def test_nothing_was_pushed_yet(rig: Rig) -> None:
    assert "尚未下发过参数" in rig.browser().send("/parameters/lower", 422, **ASKED)


def test_who_commands_a_part_alone_does_not_turn_it(rig: Rig) -> None:
    rig.browser()
    mine = rig.browser("王芳", [Grant(Role.OPERATIONS, Scope(box=c.BOX))])
    mine.see("/parameters/lower", 403)
    mine.send("/parameters/lower", 403, **ASKED)
