"""A class teacher 班主任: his own class's cards, without balances, whichever way he asks; and losses of these alone."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from cloud.console.access.rights import Grant, Right, Role, Scope
from cloud.console.frame.page import PAGES
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c

MINE, OTHERS = "高一3班", "高一4班"
KEY = "ab" * 16
HIS, NOT_HIS = f"/cards/{c.card(1).hex()}", f"/cards/{c.card(5).hex()}"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        known = c.inventory(number=2)
        rows = [replace(row, group=MINE if n < 3 else OTHERS) for n, row in enumerate(known.cards) if n < 6]
        found.ledger.import_inventory(replace(known, cards=(*rows, *known.cards[6:])), c.NOW)
        box = c.Box(found.ledger)
        box.send(c.stored(c.purchase(1, c.card(1), 1, 1234, c.OPENING)))
        box.send(c.stored(c.purchase(2, c.card(5), 1, 1234, c.OPENING)))
        yield found


@pytest.fixture
def teacher(rig: Rig) -> Browser:
    rig.browser()
    return rig.browser("赵磊", [Grant(Role.TEACHER, Scope(group=MINE))])


def test_he_sees_his_class_and_no_balance(teacher: Browser) -> None:
    page = teacher.see("/cards")
    assert re.findall(r">(000\d)</a>", page) == ["0001", "0002", "0003"]
    page = teacher.see(HIS)
    assert (MINE in page, "¥" in page, "87.66" in page) == (True, False, False)
    teacher.see(f"{HIS}/statement.csv", 403)


@pytest.mark.parametrize("number", [5, 8])
def test_a_card_of_another_class_or_of_none_is_not_his(rig: Rig, teacher: Browser, number: int) -> None:
    for path in (f"/cards/{c.card(number).hex()}", f"/loss/{c.card(number).hex()}"):
        teacher.see(path, 403)
    teacher.send("/loss", 403, label=f"{number:04d}", key=KEY)
    teacher.send(f"/cards/{c.card(number).hex()}/found", 403, key=KEY, reason="x", password="x")
    assert rig.sources.reader.card_lines(f"{number:04d}")[0].state.value == "normal"


def test_whether_a_label_is_there_he_is_not_told(teacher: Browser) -> None:
    there, nowhere = (teacher.send("/loss", 403, label=label, key=KEY) for label in ("0005", "9999"))
    assert re.sub(r"[0-9a-f]{32}", "", there) == re.sub(r"[0-9a-f]{32}", "", nowhere)
    teacher.see(f"/cards/{c.card(99).hex()}", 403)


def test_he_reports_a_card_of_his_class_by_choosing_it(rig: Rig, teacher: Browser) -> None:
    page = teacher.see("/loss")
    assert re.findall(r'<option value="(\d+)"', page) == ["0001", "0002", "0003"]
    teacher.send("/loss", label="0001", key=KEY)
    assert "已挂失" in teacher.see(HIS)
    assert "已挂失" in teacher.see(f"/loss/{c.card(1).hex()}")
    teacher.send(f"{HIS}/found", 403, key=KEY, reason="找到了", password="x")
    assert re.findall(r'<option value="(\d+)"', teacher.see("/loss")) == ["0002", "0003"]


def test_nothing_of_another_class_and_no_sum_is_on_any_page_export_or_search(rig: Rig, teacher: Browser) -> None:
    rig.browser("卡务", [Grant(Role.CARDS)]).send("/loss", label="0005", key=KEY)
    told = []
    for path in (*addresses(rig), *(f"/search?q={text}" for text in ("0005", "000", c.card(5).hex(), "12.34", "高一"))):
        text = answer_of(teacher.client, path)
        hidden = ("0005", c.card(5).hex(), OTHERS, "12.34", "87.66", "1234")
        told += [(path, what) for what in hidden if what in text.replace(path.partition("=")[2] or "-", "")]
    assert told == []


def test_who_looks_as_a_teacher_with_all_classes_sees_no_balance_either(rig: Rig) -> None:
    rig.browser()
    assert "¥" not in rig.browser("陈静", [Grant(Role.TEACHER)]).see(NOT_HIS)


def test_a_teacher_is_given_his_class_or_is_none(rig: Rig) -> None:
    admin = rig.browser()
    form = {"name": "孙老师", "role": "teacher", "box": "", "merchant": "", "group": ""}
    assert "班主任要写明班级" in admin.send("/people", 503, **form)
    assert MINE in admin.see("/people")
    admin.send("/people", 200, **(form | {"group": MINE}))
    assert rig.sources.accounts.grants("孙老师") == (Grant(Role.TEACHER, Scope(group=MINE)),)


def addresses(rig: Rig) -> list[str]:
    """Every page that is not a form, with cards in the places of cards."""
    found = [page for page in rig.app.config[PAGES] if not page.writes and page.right is not Right.OPEN]
    rules = [re.sub(r"<card>", c.card(5).hex(), page.rule) for page in found]
    return [re.sub(r"<\w+>", "nothing", re.sub(r"<\w+:\w+>", "1", rule)) for rule in rules]


def answer_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    return answer.get_data(as_text=True) if answer.status_code == 200 else ""
