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


def cells(page: str, key: str) -> str:
    """The row of a table in which something stands."""
    return next(row for row in page.split("<tr>")[1:] if key in row)


def test_the_sum_its_formula_and_its_inputs(finance: Browser) -> None:
    page = finance.see("/exposure")
    for text in ("¥400.00", "含未知，按最坏计", "× 单笔上限", "限额未知或不限", "欠交 3 条"):
        assert text in page, text
    assert "at their worst" in finance.see("/exposure?lang=en")


def test_a_table_of_each_level_that_the_reader_gives(finance: Browser) -> None:
    for level in ("canteen", "merchant", "box"):
        row = cells(finance.see(f"/exposure?level={level}"), "¥400.00")
        assert "¥300.00" in row, level
        assert "¥100.00" in row, level
        assert "mark off" in row, "an input is not known"
    row = cells(finance.see("/exposure?level=terminal"), "pos-01")
    for text in ("3 × ¥100.00", "限额未知或不限；所用黑名单未知", "未知"):
        assert text in row, text
    assert "¥100.00" in cells(finance.see("/exposure?level=card"), "0002")
    assert cells(finance.see("/exposure?level=nothing"), "¥400.00"), "what is no level is the first"


def test_terminals_are_chosen_by_place_and_by_what_nobody_knows(finance: Browser) -> None:
    assert "pos-01" in finance.see("/exposure?level=terminal&unknown=caps&box=" + c.BOX)
    assert "pos-01" not in finance.see("/exposure?level=terminal&box=elsewhere")
    assert "pos-01" not in finance.see("/exposure?level=terminal&unknown=heard")
    lines = finance.see("/exposure.csv?level=terminal&sort=exposure&down=1").splitlines()
    assert lines[1].startswith("pos-01")
    assert "400.00" in lines[1]


def test_it_links_to_what_he_may_see(rig: Rig, finance: Browser) -> None:
    """Finance sees cards, and neither devices nor the making of parameters."""
    assert f'href="/cards/{c.card(2).hex()}"' in finance.see("/exposure?level=card")
    page = finance.see("/exposure?level=terminal")
    assert "/devices/" not in page
    assert "/parameters/lower" not in page
    assert "/parameters/waiting" in page
    page = rig.browser().see("/exposure?level=terminal")
    assert f'href="/devices/{c.POS.hex()}"' in page
    assert "/parameters/lower" in page


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
        browser.see("/exposure.csv", 403)
        browser.see("/api/v1/exposure", 403)
