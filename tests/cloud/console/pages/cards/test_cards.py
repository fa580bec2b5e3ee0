"""Cards as the card desk works with them: found, stated, reported lost and found again, and by nobody else."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role
from cloud.ledger.ledger import Ledger
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.console.rig import PASSWORD, Browser, Rig, made
from tests.cloud.ledger import campus as c

CARD = f"/cards/{c.card(1).hex()}"
KEY = "ab" * 16


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


@pytest.fixture
def desk(rig: Rig) -> Browser:
    return rig.browser("王芳", [Grant(Role.CARDS)])


def key_of(page: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f]{32})"', page)
    assert found
    return found[1]


def heard_now(ledger: Ledger) -> None:
    """pos-01 was heard a moment ago; of the others nobody knows."""
    said = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 0, 0, 0, 0),), 1, 1, 100, True, 1, 1)
    ledger.store_status(c.BOX, said, int(time.time() * 1000))


def test_a_card_is_found_by_its_label_and_by_its_number(desk: Browser) -> None:
    assert "0008" in desk.see("/cards")
    page = desk.see("/cards?find=0003")
    assert (f"/cards/{c.card(3).hex()}" in page, "0004" in page) == (True, False)
    assert "0005" in desk.see(f"/cards?find={c.card(5).hex()}")
    assert "没有符合的" in desk.see("/cards?find=9999")
    assert "0008" in desk.see("/cards.csv")
    assert f"/cards/{c.card(3).hex()}" in desk.see("/search?q=0003")


def test_balances_stand_apart_with_the_record_that_they_end_with(rig: Rig, desk: Browser) -> None:
    c.Box(rig.ledger).send(c.stored(c.purchase(1, c.card(1), 1, 1250, c.OPENING)))
    rig.ledger.deposit(c.card(1), 5000, "receipt-1", c.NOW)
    page = desk.see(CARD)
    assert all(text in page for text in ("¥87.50", "¥50.00", "不相加", "pos-01 · #1", "消费", "充值到电子账户"))
    assert "137.50" not in page
    lines = desk.see(f"{CARD}/statement.csv").splitlines()
    assert any("消费" in line and "-12.5" in line for line in lines)
    assert "还没有收到这张卡的记录" in desk.see(f"/cards/{c.card(2).hex()}")


def test_a_report_freezes_at_once_and_says_where_it_has_come(rig: Rig, desk: Browser) -> None:
    heard_now(rig.ledger)
    assert "从未列入黑名单" in desk.see(CARD)
    desk.send("/loss", label="0001", reason="丢在操场", key=key_of(desk.see(CARD)))
    page = desk.see(CARD)
    assert all(text in page for text in ("已挂失", "丢在操场", "王芳", "0 / 4", "新名单还没有签出"))
    late, away = page.split("在线未到", 1)[1].split("未知：终端未联系", 1)
    assert "<li>pos-01</li>" in late
    assert all(f"<li>{name}</li>" in away for name in ("pos-02", "pos-03", "load-01"))
    (row,) = rig.sources.audit.rows(Question(act="report_loss"))
    assert (row.deed.who, row.deed.object, row.deed.zh) == ("王芳", "card:0001", "挂失卡 0001")


def test_a_form_that_is_sent_twice_is_one_deed(rig: Rig, desk: Browser) -> None:
    for _ in range(2):
        desk.send("/loss", label="0001", key=KEY)
    assert desk.see(CARD).count("挂失 · 王芳") == 1
    assert "表单不完整" in desk.send("/loss", 503, label="0001", key="12")
    assert "没有卡 9999" in desk.send("/loss", 503, label="9999", key=KEY)


def test_taking_it_back_needs_a_reason_and_the_password_again(rig: Rig, desk: Browser) -> None:
    desk.send("/loss", label="0001", key=KEY)
    key = key_of(desk.see(CARD))
    assert "要写缘由" in desk.send(f"{CARD}/found", 503, key=key, password=PASSWORD)
    assert "密码不对" in desk.send(f"{CARD}/found", 503, key=key, reason="找到了", password="wrong")
    assert "已挂失" in desk.see(CARD)
    desk.send(f"{CARD}/found", key=key, reason="找到了", password=PASSWORD)
    assert all(text in desk.see(CARD) for text in ("在用", "解挂", "找到了"))


def test_duty_reports_a_loss_and_sees_no_money(rig: Rig) -> None:
    duty = rig.browser("李明", [Grant(Role.DUTY)])
    duty.see(CARD, 403)
    duty.send("/loss", label="0001", key=KEY)
    page = duty.see(f"/loss/{c.card(1).hex()}")
    assert "已挂失" in page
    assert "¥" not in page
    duty.send(f"{CARD}/found", 403, key=KEY, reason="找到了", password=PASSWORD)


@pytest.mark.parametrize("address", ["/cards/nothing", "/cards/00", f"/cards/{c.card(99).hex()}", "/loss/zz"])
def test_a_card_that_is_none_is_not_found(desk: Browser, address: str) -> None:
    desk.see(address, 404)
