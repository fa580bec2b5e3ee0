"""A lost card at the desk, and a morning that is checked and signed, in a real browser."""

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cloud.fleet.making import Maker
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.views import TerminalView, newest_of
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.process.settings import load_settings
from shared.clocks.campus_clock import WALL
from shared.ids import BoxId, DeviceId, PsamId
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.console.screen import Console, sign_in
from tests.cloud.fleet.documents import Signer, in_use

pytestmark = [pytest.mark.browser, pytest.mark.process]
ONLINE = 3
"""Terminals of the campus that are heard; of the others nobody knows."""


class Field:
    """What boxes and terminals say, by the ledger's own doors."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.documents = DocumentLedger(ledger.opened)
        self._maker = Maker(self.documents, Signer())
        views = newest_of(Reader(ledger.database).terminals()).values()
        self.terminals = sorted(views, key=lambda one: one.name)

    @property
    def online(self) -> list[TerminalView]:
        return self.terminals[:ONLINE]

    @property
    def away(self) -> list[TerminalView]:
        return self.terminals[ONLINE:]

    def are_heard(self) -> None:
        for one in self.online:
            said = DeviceStatus(
                DeviceId(one.device), (EpochStatus(1, PsamId(bytes(6)), 0, 0, 0, 0),), 1, 1, 100, True, 1, 1
            )
            self._ledger.store_status(BoxId(one.box), said, now().unix_ms)

    def have_the_list(self) -> None:
        """It is signed, and every terminal that is online uses it."""
        self._maker.look(self.documents.versions()[0], now())
        (head,) = (one.head for one in self.documents.wanted())
        for one in self.online:
            self.documents.reported(BoxId(one.box), in_use(DeviceId(one.device), head), now())


def now() -> Now:
    return Now(int(time.time() * 1000), WALL.at(time.time()))


@contextmanager
def field_of(room: Path) -> Iterator[Field]:
    opened = open_prepared(load_settings(room).books(None))
    with closing(opened.database):
        yield Field(Ledger(opened))


def test_a_lost_card_is_reported_and_its_spread_rises_to_all_that_are_online(
    page: Page, console: Console, tmp_path: Path
) -> None:
    sign_in(page, console)
    with field_of(tmp_path / "campus") as field:
        field.are_heard()
        page.get_by_role("link", name="卡务", exact=True).click()
        page.locator("tbody a").first.click()
        expect(page.locator("body")).to_contain_text("从未列入黑名单")
        page.get_by_label("缘由").fill("丢在操场")
        page.get_by_role("button", name="挂失", exact=True).click()
        expect(page.locator("body")).to_contain_text("已挂失")
        spread = page.locator("section", has_text="黑名单到达情况")
        every = len(field.terminals)
        expect(spread.locator(".big")).to_have_text(re.compile(rf"0 / {every}"))
        field.have_the_list()
        expect(spread.locator(".big")).to_have_text(re.compile(rf"{ONLINE} / {every}"))
        expect(spread).to_contain_text("在线终端已全部到达")
        for one in field.away:
            expect(spread.locator("li", has_text=one.name).first).to_be_visible()


def test_a_morning_is_looked_at_signed_and_stays_as_it_was(page: Page, console: Console) -> None:
    sign_in(page, console)
    page.get_by_role("link", name="晨间核对").click()
    expect(page.locator("tbody tr").filter(has_text="备份")).to_contain_text("未知")
    page.get_by_label("银行专户余额").fill("1.00")
    page.get_by_role("button", name="填入").click()
    expect(page.locator("tbody tr").filter(has_text="银行专户差额")).to_contain_text("admin")
    page.get_by_label("处理说明").fill("已请运维补备份")
    page.get_by_role("button", name="签字").click()
    expect(page.locator("#fresh")).to_contain_text("今天已签")
    page.get_by_role("listitem").filter(has_text="已请运维补备份").get_by_role("link").click()
    expect(page.locator("body")).to_contain_text("签字时的核对结果")
    expect(page.locator("tbody tr").filter(has_text="备份")).to_contain_text("未知")
    page.go_back()
    expect(page.get_by_role("button", name="签字")).to_have_count(0)


@pytest.mark.parametrize("path", ["cards", "loss", "settlement", "reports?kind=hour", "morning"])
def test_no_page_is_wider_than_a_phone(page: Page, console: Console, path: str) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    sign_in(page, console)
    page.goto(f"{console.address}{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
