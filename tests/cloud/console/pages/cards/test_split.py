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


def test_who_sees_no_balances_gets_none(rig: Rig) -> None:
    rig.browser("李明", [Grant(Role.TEACHER)]).see(API, 403)
    rig.browser("赵红", [Grant(Role.CARDS)]).see(f"/api/v1/cards/{'00' * 10}/split", 404)
