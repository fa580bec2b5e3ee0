"""Two persons at a screen decide what is held; whoever proposed it does not confirm it."""

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger
from shared.purse.tac import ITEM_SIZE
from tests.cloud.console.screen import PASSWORD, Console, sign_in
from tests.cloud.ledger import campus as c

pytestmark = [pytest.mark.browser, pytest.mark.process]


def hold(console: Console) -> None:
    """A purchase, proven, of a body that is in no inventory of this campus: it is held."""
    books = str(console.ca.parent / "ledger.db")
    with closing(sqlite3.connect(books)) as raw:
        ((card,),) = raw.execute("SELECT card FROM card ORDER BY label LIMIT 1").fetchall()
        ((box,),) = raw.execute("SELECT box FROM box ORDER BY box LIMIT 1").fetchall()
    with closing(Ledger(open_prepared(books))) as ledger:
        sender = c.Box(ledger, box)
        sold = c.purchase(1, card, 1, 300, 10_000, at=c.device(77), tac_of=b"\x01\x02\x03\x04")
        batch = sender.batch(c.stored(sold, c.device(77)))
        assert ledger.receive([batch], lambda items: bytes(len(items) // ITEM_SIZE), c.NOW)


def invited(page: Page, console: Console, name: str) -> str:
    page.goto(f"{console.address}people")
    page.get_by_role("textbox", name="用户名").fill(name)
    page.locator("form[action='/people'] select").select_option("finance")
    page.get_by_role("button", name="邀请用户").click()
    return page.locator("code.once").inner_text()


def test_the_maker_cannot_confirm_and_another_can(page: Page, console: Console) -> None:
    hold(console)
    sign_in(page, console)
    link = invited(page, console, "李四")
    page.goto(f"{console.address}held")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("radio", name="退还持卡人").check()
    page.get_by_label("缘由").fill("核对无误")
    page.get_by_role("button", name="提议").click()
    expect(page.locator(".case")).to_contain_text("您是提议人")
    expect(page.get_by_role("button", name="确认")).to_have_count(0)
    other = page.context.browser
    assert other
    context = other.new_context(ignore_https_errors=True, viewport={"width": 360, "height": 800})
    second = context.new_page()
    second.goto(link)
    second.fill("input[name=password]", PASSWORD)
    second.fill("input[name=again]", PASSWORD)
    second.click("button.main")
    second.goto(f"{console.address}proposals")
    assert second.evaluate("document.documentElement.scrollWidth") <= 360
    second.get_by_role("button", name="确认").click()
    expect(second.locator(".case")).to_contain_text("已确认")
    second.goto(f"{console.address}held")
    expect(second.locator("#fresh")).to_contain_text("没有等待处理的")
    page.reload()
    expect(page.locator(".case")).to_contain_text("李四")
    context.close()
