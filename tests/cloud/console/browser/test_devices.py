"""Ordering terminals about in a real browser, over a real console and key process; the test answers as they do."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from cloud.console.access.accounts import Accounts
from cloud.console.access.rights import Grant, Role
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import Now
from shared.clocks.campus_clock import WALL
from shared.fleet.document import DocumentKind, device_scope
from shared.ids import BoxId, DeviceId, StoreId
from shared.wire.fleet_lane import Held, HeldRow, Reported, Verdict
from shared.wire.messages import BoxState, TerminalState
from tests.cloud.console.browser.test_every_page import faults, violations
from tests.cloud.console.screen import PASSWORD, Console, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.process]


def now() -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), int(WALL.at(unix_s)))


class Fleet:
    """Boxes and terminals, as the centre hears them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        with ledger.opened.database.reading():
            rows = ledger.opened.database.run("SELECT device, box FROM device ORDER BY name")
        self.boxes = {DeviceId(bytes(device)): BoxId(box) for device, box in rows}

    def joined(self, *devices: DeviceId) -> None:
        """Each box says who is there; the others are cut off."""
        at_ms = now().unix_ms
        for box in {*self.boxes.values()}:
            there = tuple(
                TerminalState(one, "", "can0", "joined" if one in devices else "parted", at_ms, 5, 5, 0, 0)
                for one, at in self.boxes.items()
                if at == box
            )
            state = BoxState(box, StoreId(b"store--1"), at_ms, True, 0, 1000, 0, 0, 0, there)
            self._ledger.store_state(box, state, at_ms)

    def answer(self, *devices: DeviceId) -> None:
        """Their boxes have their orders, and they have done them."""
        documents = DocumentLedger(self._ledger.opened)
        for device in devices:
            box, which = self.boxes[device], (DocumentKind.ORDER, device_scope(device))
            one = documents.newest(which)
            assert one is not None
            documents.held(box, Held((HeldRow(*which, one.generation, one.digest, 0),)), now())
            said = Reported(device, *which, one.generation, one.digest, 0, 0, 0, one.generation, Verdict.IN_USE)
            documents.reported(box, said, now())


@pytest.fixture
def fleet(console: Console, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    room = console.ca.parents[1]
    with (
        key_process(room, tmp_path_factory.mktemp("k")),
        closing(open_ledger(str(room / "cloud" / "ledger.db"))) as ledger,
    ):
        yield Fleet(ledger)


@contextmanager
def key_process(room: Path, folder: Path) -> Iterator[None]:
    """Where the console finds it: among this user's processes over this folder."""
    argv = [sys.executable, "-P", "-m", "provisioning", "keys", "--data", str(room), "--socket", str(folder / "k")]
    process = subprocess.Popen([*argv, "--fleet-socket", str(folder / "f")], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline().startswith("READY")
    yield
    process.kill()
    process.wait()
    process.stdout.close()


@contextmanager
def second(browser: Browser, console: Console, name: str, role: Role = Role.OPERATIONS) -> Iterator[Page]:
    """Another person at another browser."""
    accounts = Accounts(console.ca.parent / "console.db")
    link = accounts.make_link(name, int(time.time()))
    accounts.set_grants(name, [Grant(role)])
    accounts.close()
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(f"{console.address}first-login/{link}")
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=again]", PASSWORD)
    page.click("button.main")
    yield page
    context.close()


def choose(page: Page, verb: str, among: str) -> None:
    page.locator("#choose select").select_option(verb)
    page.locator(f"#choose input[value={among}]").check()
    page.get_by_role("button", name="下一步").click()


def test_twenty_are_locked_by_two_persons_and_three_that_are_away_are_not_said_to_be(
    page: Page, browser: Browser, console: Console, fleet: Fleet
) -> None:
    there = list(fleet.boxes)
    fleet.joined(*there[3:])
    sign_in(page, console)
    page.goto(f"{console.address}devices")
    choose(page, "lock", "matching")
    expect(page.locator("h1")).to_have_text(f"锁定：{len(there)} 台终端")
    expect(page.locator("body")).to_contain_text("3 台现在不在线或未知")
    expect(page.locator("body")).to_contain_text("须另一人确认")
    page.fill("input[name=reason]", "停电")
    page.fill("input[name=count]", str(len(there)))
    page.get_by_role("button", name="提交他人确认").click()
    expect(page.get_by_role("button", name="确认并下达")).to_have_count(0)
    with second(browser, console, "李明") as other:
        other.goto(f"{console.address}orders")
        other.get_by_role("button", name="确认并下达").click()
        expect(other.locator("h1")).to_contain_text("任务 1")
        expect(other.locator("body")).to_contain_text(f"完成 0 / {len(there)}")
        fleet.answer(*there[3:])
        other.reload()
        expect(other.locator("body")).to_contain_text(f"完成 {len(there) - 3} / {len(there)}")
        waiting = other.locator("tbody tr", has_text="已发出，无人答复")
        expect(waiting).to_have_count(3)
        other.get_by_role("link", name=re.compile("已发出，无人答复 3")).click()
        expect(other.locator("tbody tr")).to_have_count(3)
        other.go_back()
        expect(other.locator("tbody tr")).to_have_count(len(there))


def test_all_that_fit_are_frozen_and_who_fits_later_is_not_among_them(
    page: Page, console: Console, fleet: Fleet
) -> None:
    there = list(fleet.boxes)
    fleet.joined(*there[:5])
    sign_in(page, console)
    page.goto(f"{console.address}devices?state=joined")
    expect(page.locator("#choose")).to_contain_text("符合筛选的全部 5 台")
    choose(page, "locate", "matching")
    fleet.joined(*there)
    page.reload()
    expect(page.locator("h1")).to_have_text("寻机：5 台终端")
    page.fill("input[name=reason]", "找机")
    page.get_by_role("button", name="下达").click()
    expect(page.locator("tbody tr")).to_have_count(5)


def test_a_phone_reads_rows_as_cards_and_a_row_leads_to_its_device(page: Page, console: Console, fleet: Fleet) -> None:
    fleet.joined(*fleet.boxes)
    sign_in(page, console)
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("devices", "jobs", "firmware", "parameters", "orders"):
            page.goto(f"{console.address}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{console.address}devices?find=1hck")
    expect(page.locator("tbody tr")).not_to_have_count(0)
    page.locator("tbody a").first.click()
    expect(page.locator("body")).to_contain_text("24 小时心跳")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_price_is_changed_by_two_persons_and_stands_in_the_sheet(
    page: Page, browser: Browser, console: Console, fleet: Fleet
) -> None:
    fleet.joined(*fleet.boxes)
    sign_in(page, console)
    page.goto(f"{console.address}parameters/edit")
    page.fill("input[name=m0_number]", "1")
    page.fill("input[name=m0_name]", "午餐")
    page.fill("input[name=m0_from]", "25:30")
    page.fill("input[name=r0_single]", "50.00")
    page.get_by_role("button", name="校验并比较").click()
    expect(page.get_by_role("alert").filter(has_text="文件有误")).to_be_visible()
    expect(page.locator("input[name=r0_single]")).to_have_value("50.00")
    assert list(violations(page)) == []
    page.fill("input[name=m0_from]", "10:30")
    page.get_by_role("button", name="校验并比较").click()
    expect(page.locator("h1")).to_contain_text("参数草稿")
    expect(page.locator("body")).to_contain_text("不限 → 50.00")
    expect(page.locator(".sheet .banner")).to_contain_text("各终端自下一餐次起用")
    assert list(violations(page)) == []
    page.fill("input[name=reason]", "开学")
    page.get_by_role("button", name="提交他人确认").click()
    expect(page.locator("#waiting")).to_contain_text("须由另一人确认")
    with second(browser, console, "周会计", Role.FINANCE) as other:
        other.goto(f"{console.address}parameters/waiting")
        other.get_by_role("button", name="确认并下达").click()
        expect(other.locator("body")).to_contain_text("没有待确认的参数")
    page.goto(f"{console.address}parameters/pushes/1")
    expect(page.locator("body")).to_contain_text("admin, 周会计")
    expect(page.locator("tbody tr").first).to_contain_text("未知")
    assert list(violations(page)) == []
    assert list(faults(page, console, "/parameters/edit")) == []
    expect(page.locator("input[name=r0_single]")).to_have_value("50.00")
