"""The split of an account on the card's page and at the interface: both quotas and the rule, and nothing tells aid."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role
from cloud.console.frame.clock import wall_now
from cloud.ledger.desk.split import SplitLedger
from cloud.ledger.loads.split.moving import Quota
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c

PAGE, API = f"/cards/{c.card(1).hex()}", f"/api/v1/cards/{c.card(1).hex()}/split"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        found.ledger.deposit(c.card(1), 60_00, "d", wall_now())
        SplitLedger(found.ledger.opened).set_of_class(1, Quota(120_00, 150_00, 150_00), "王芳", "", wall_now())
        yield found


def test_both_quotas_and_the_rule_without_what_is_due(rig: Rig) -> None:
    desk = rig.browser("王芳", [Grant(Role.CARDS)])
    page = desk.see(PAGE)
    for text in ("账户分割", "脱机可用 ¥100.00", "联机可用 ¥60.00", "自动圈存：低于 ¥120.00 补到 ¥150.00"):
        assert text in page, text
    assert ("主钱包" in page, "下次联机刷卡" in page) == (False, False)
    assert "offline ¥100.00" in desk.see(f"{PAGE}?lang=en")


def test_the_interface_says_the_same(rig: Rig) -> None:
    told = rig.browser("王芳", [Grant(Role.CARDS)]).client.get(API).get_json()
    assert (told["offline_fen"], told["online_fen"]) == (100_00, 60_00)
    assert told["auto_load"] == {"below_fen": 120_00, "target_fen": 150_00, "day_fen": 150_00}
    assert not {"purse_fen", "subsidy_fen", "due", "orderable", "back"} & set(told)


RULE = {"card_class": "1", "label": "", "below": "60", "target": "100", "day": "120", "reason": "开学"}


def test_finance_sets_rules_and_floors_and_orders_a_load(rig: Rig) -> None:
    finance = rig.browser("张三", [Grant(Role.FINANCE)])
    finance.send("/split/rule", **RULE)
    finance.send("/split/rule", **{**RULE, "card_class": "", "label": "0002", "target": "80"})
    finance.send("/split/rule", card_class="3", label="", off="1", reason="毕业")
    finance.send("/split/floor", card_class="1", yuan="20", reason="押金")
    key = "order-1"
    for _ in range(2):
        finance.send("/split/order", key=key, label="0001", yuan="30")
    page = finance.see("/split")
    for text in ("卡类型 1", "¥100.00", "¥120.00", "没有这一类的卡", "已关闭", "¥20.00", "押金", c.card(2).hex()):
        assert text in page, text
    assert "已预约圈存 ¥30.00" in finance.see(PAGE)
    assert "/split?card=0001" in finance.see(PAGE)
    finance.send("/split/order", key="order-2", label="0001", yuan="0")
    assert "已预约圈存" not in finance.see(PAGE)
    told = finance.client.get("/api/v1/split").get_json()
    assert [(one["card_class"], one["card"], one["target_fen"]) for one in told["auto_load"]] == [
        (-1, "0002", 80_00), (1, "", 100_00), (3, "", 0),
    ]  # fmt: skip
    assert [(one["card_class"], one["fen"]) for one in told["floors"]] == [(1, 20_00)]


@pytest.mark.parametrize(
    ("path", "changed", "why"),
    [
        ("rule", {"below": "110"}, "阈值 ¥110.00 高于目标 ¥100.00"),
        ("rule", {"target": "12", "below": "1"}, "目标低于一餐"),
        ("rule", {"label": "0001"}, "填卡类型或卡面号之一"),
        ("rule", {"card_class": "x"}, "卡类型是 0..255 的数"),
        ("rule", {"card_class": "", "label": "9999"}, "没有这张卡"),
        ("rule", {"day": "-1"}, "金额看不懂"),
        ("floor", {"yuan": "51"}, "保底 ¥0..50.00"),
        ("order", {"yuan": "1000", "label": "0001", "key": "k"}, "现可转"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_reason(
    rig: Rig, path: str, changed: dict[str, str], why: str
) -> None:
    finance = rig.browser("张三", [Grant(Role.FINANCE)])
    before = finance.client.get("/api/v1/split").get_json()
    assert why in finance.send(f"/split/{path}", 409, **{**RULE, **changed})
    assert finance.client.get("/api/v1/split").get_json() == before


def test_who_may_not_decide_sees_the_rules_and_no_form(rig: Rig) -> None:
    desk = rig.browser("王芳", [Grant(Role.CARDS)])
    assert "/split/rule" not in desk.see("/split")
    desk.send("/split/rule", 403, **RULE)


def test_what_was_found_of_a_card_stands_on_its_page_and_leads_to_it(rig: Rig) -> None:
    c.Box(rig.ledger).send(
        c.stored(c.purchase(1, c.card(1), 0, 1_000, c.OPENING)), c.stored(c.purchase(2, c.card(1), 0, 700, c.OPENING))
    )
    while rig.ledger.find_differences(wall_now()):
        pass
    finance = rig.browser("张三", [Grant(Role.FINANCE)])
    assert "/findings?find=0001#f1" in finance.see(PAGE)
    assert "#f1" not in finance.see(f"/cards/{c.card(2).hex()}")
    assert "列入黑名单" in rig.browser("王芳", [Grant(Role.CARDS)]).see(PAGE)


def test_who_sees_no_balances_gets_none(rig: Rig) -> None:
    rig.browser("李明", [Grant(Role.TEACHER)]).see(API, 403)
    rig.browser("赵红", [Grant(Role.CARDS)]).see(f"/api/v1/cards/{'00' * 10}/split", 404)
