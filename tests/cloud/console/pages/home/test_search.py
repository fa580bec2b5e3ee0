"""One search: what it finds, by which letters, and for whom."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.frame.initials import is_like
from cloud.console.pages.home.sums import sum_and_day
from cloud.console.words.catalogue import WORDS
from shared.clocks.clock import day_number, day_text, parse_time
from tests.cloud.console.pages.alarms import scene as s
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c

NOTHING = WORDS["no_match"].zh


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
    assert NOTHING in browser.see("/search?q=nowhere")
    assert NOTHING in browser.see("/search?q=%25")


def test_nobody_finds_what_he_may_not_see(rig: Rig) -> None:
    duty = rig.browser("值班", [Grant(Role.CANTEEN, Scope(box=c.OTHER_BOX))])
    assert NOTHING in duty.see("/search?q=pos-01")
    assert c.card(3).hex() not in duty.see("/search?q=0003")
    assert NOTHING in duty.see("/search?q=yh")
    assert NOTHING in rig.browser("资助", [Grant(Role.AID)]).see("/search?q=pos")


@pytest.mark.parametrize("wanted", ["<script>alert(1)</script>", "'; DROP TABLE card; --", "\U0010ffff", "x" * 300])
def test_what_an_attacker_types_is_text(rig: Rig, wanted: str) -> None:
    page = rig.browser().see(f"/search?q={wanted}")
    assert "<script>alert" not in page


TODAY = day_number(parse_time("2026-01-05"))


@pytest.mark.parametrize(
    ("text", "fen", "day"),
    [
        ("12.50", 1250, None), ("¥3", 300, None), ("3元", 300, None), ("12.5 昨天", 1250, "2026-01-04"),
        ("today 8", 800, "2026-01-05"), ("8 1-4", 800, "2026-01-04"), ("8.00 12月31日", 800, "2025-12-31"),
        ("2025/3/1 0.01", 1, "2025-03-01"),
    ],
)  # fmt: skip
def test_a_sum_and_a_day_are_read_in_any_order(text: str, fen: int, day: str | None) -> None:
    assert sum_and_day(text, TODAY) == (fen, day_number(parse_time(day)) if day else None)


@pytest.mark.parametrize("text", ["", "昨天", "1 2", "12.500", "8 13-45", "8 2026-02-30", "pos-01", "8 昨天 今天", "²"])
def test_what_is_no_sum_is_none(text: str) -> None:
    assert sum_and_day(text, TODAY) is None


def test_a_sum_of_a_day_leads_to_its_entries_in_all_and_to_nobody_without_the_books(rig: Rig) -> None:
    entries = rig.sources.reader.journal().entries
    assert entries, "cards had something when they were taken up"
    one = entries[0]
    total = sum(fen for *_, fen in one.postings)
    asked = f"/search?q={total / 100:.2f}+{day_text(one.effective_day)}"
    assert f"/ledger/entries/{one.entry}" in rig.browser().see(asked)
    assert f"/ledger/entries/{one.entry}" in rig.browser().see(f"/search?q={one.entry}")
    duty = rig.browser("值班", [Grant(Role.DUTY)])
    for path in (asked, f"/search?q={one.entry}"):
        assert "/ledger/entries" not in duty.see(path)


def test_an_alarm_is_found_by_initials_of_whoever_may_see_it(rig: Rig) -> None:
    s.raised(rig, s.BOX)
    assert s.path(s.BOX) in rig.browser().see("/search?q=wgsl"), "网关失联"
    other = rig.browser("值班", [Grant(Role.DUTY, Scope(box=c.OTHER_BOX))])
    assert s.path(s.BOX) not in other.see("/search?q=wgsl")
