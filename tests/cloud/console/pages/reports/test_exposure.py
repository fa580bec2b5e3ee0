"""The exposure on a page and at the interface: the sum, its formula, its inputs; for whoever sees all of the books."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.frame.clock import wall_now
from shared.ids import DeviceId
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        said = DeviceStatus(DeviceId(c.POS), (EpochStatus(1, c.psam(1), 1, 3, 0, 0),), 1, 1, 100, True, 1, 1)
        found.ledger.store_status(c.BOX, said, wall_now().unix_ms)
        found.ledger.set_hotlisted(c.card(2), True, wall_now(), "王芳", "冒用")
        yield found


@pytest.fixture
def finance(rig: Rig) -> Browser:
    return rig.browser("王芳", [Grant(Role.FINANCE)])


def test_the_sum_its_formula_and_its_inputs(finance: Browser) -> None:
    page = finance.see("/exposure")
    for text in ("风险敞口 ¥400.00：欠交 ¥300.00，名单 ¥100.00", "× 单笔上限", "1 台：限额未知或不限",
                 "pos-01 1号窗口 ¥400.00：欠交 3 × ¥100.00", "0002 ¥100.00"):  # fmt: skip
        assert text in page, text
    assert "exposure ¥400.00: owed ¥300.00" in finance.see("/exposure?lang=en")


def test_the_interface_says_the_same(finance: Browser) -> None:
    told = finance.client.get("/api/v1/exposure").get_json()
    assert (told["fen"], told["arrears_fen"], told["listed_fen"]) == (40_000, 30_000, 10_000)
    assert told["unknown"] == {"caps": 1, "hotlist": 1, "heard": 0}
    assert [one["terminal"] for one in told["terminals"]] == ["pos-01"]


def test_who_sees_a_part_alone_gets_neither(rig: Rig) -> None:
    grants = Grant(Role.FINANCE, Scope(box=c.BOX)), Grant(Role.STALL, Scope(merchant="面点"))
    for name, grant in zip(("甲", "乙"), grants, strict=True):
        browser = rig.browser(name, [grant])
        browser.see("/exposure", 403)
        browser.see("/api/v1/exposure", 403)
