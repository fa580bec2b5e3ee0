"""One search: what it finds, by which letters, and for whom."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.frame.initials import is_like
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def test_a_chinese_name_is_found_by_its_initials() -> None:
    assert is_like("yssbg", "有声识别柜")
    assert is_like("1hck", "1号窗口")
    assert is_like("窗口", "1号窗口")
    assert not is_like("ck1", "1号窗口")


def test_terminals_cards_and_pages_are_found(rig: Rig) -> None:
    browser = rig.browser()
    assert "pos-01" in browser.see("/search?q=POS-01")
    assert c.card(3).hex() in browser.see("/search?q=0003")
    assert "0003" in browser.see(f"/search?q={c.card(3).hex()}")
    assert 'href="/people"' in browser.see("/search?q=yh")
    assert "没有符合条件的" in browser.see("/search?q=nowhere")
    assert "没有符合条件的" in browser.see("/search?q=%25")


def test_nobody_finds_what_he_may_not_see(rig: Rig) -> None:
    duty = rig.browser("值班", [Grant(Role.CANTEEN, Scope(box=c.OTHER_BOX))])
    assert "没有符合条件的" in duty.see("/search?q=pos-01")
    assert c.card(3).hex() not in duty.see("/search?q=0003")
    assert "没有符合条件的" in duty.see("/search?q=yh")
    assert "没有符合条件的" in rig.browser("资助", [Grant(Role.AID)]).see("/search?q=pos")


@pytest.mark.parametrize("wanted", ["<script>alert(1)</script>", "'; DROP TABLE card; --", "\U0010ffff", "x" * 300])
def test_what_an_attacker_types_is_text(rig: Rig, wanted: str) -> None:
    page = rig.browser().see(f"/search?q={wanted}")
    assert "<script>alert" not in page
