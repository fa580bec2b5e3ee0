"""Boxes in a real browser: a release rolled out and stopped, a code made; and pages that no menu reaches."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cloud.ledger.fleet.boxes.door import BoxLedger
from cloud.ledger.fleet.boxes.rows import BoxRelease
from cloud.ledger.ledger import Ledger, open_ledger
from shared.ids import BoxId
from shared.wire.messages import ReleaseSaid, ReleaseStage
from tests.cloud.console.browser.test_devices import now
from tests.cloud.console.browser.test_every_page import faults, violations
from tests.cloud.console.screen import Console, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.process]
BODY = b"a release"


@contextmanager
def books(console: Console) -> Iterator[Ledger]:
    with closing(open_ledger(str(console.ca.parent / "ledger.db"))) as ledger:
        yield ledger


def says(console: Console, box: str, stage: ReleaseStage, number: int) -> None:
    said = ReleaseSaid(f"openykt-edge-{number}", number, "aarch64", 7, stage, 0, "", "", bytes(16))
    with books(console) as ledger:
        BoxLedger(ledger.opened).said(BoxId(box), said, now())


def test_a_release_is_rolled_out_to_one_box_and_stopped(page: Page, console: Console) -> None:
    with books(console) as ledger:
        one = BoxRelease("aarch64", 7, "openykt-edge-7-aarch64", len(BODY), sha256(BODY).digest(), "张三", 0)
        BoxLedger(ledger.opened).take(one, BODY, b"", now())
    says(console, "bus-1", ReleaseStage.NOTHING, 6)
    sign_in(page, console)
    page.goto(f"{console.address}box-releases")
    page.get_by_label("只这些网关").check()
    page.get_by_label("bus-1", exact=True).check()
    page.get_by_label("缘由").fill("修总线复位")
    page.get_by_label("输入网关台数以确认").fill("1")
    page.get_by_role("button", name="开始升级").click()
    expect(page.locator("h1")).to_have_text("升级 1 · aarch64:7")
    says(console, "bus-1", ReleaseStage.TRIED, 7)
    page.reload()
    expect(page.locator("tbody tr")).to_contain_text("试用中")
    assert list(faults(page, console, "/box-releases/1")) == []
    page.get_by_label("缘由").first.fill("先停")
    page.get_by_role("button", name="停止升级").click()
    expect(page.locator(".big")).to_contain_text("已停止")
    page.goto(f"{console.address}box-releases")
    row = page.locator("tbody tr", has_text="bus-1").first
    expect(row).to_contain_text("试用中 7")
    assert list(faults(page, console, "/box-releases")) == []


def test_what_no_menu_reaches_is_free_of_faults(page: Page, console: Console) -> None:
    """Tables of the exposure, and the knob; a sum that is too low is said beside it, and not to be typed again."""
    sign_in(page, console)
    found = [one for path in ("/exposure?level=terminal", "/parameters/lower") for one in faults(page, console, path)]
    assert found == []
    page.get_by_label("每卡每日至多（元）").fill("40")
    page.get_by_role("button", name="试算").click()
    expect(page.get_by_role("alert")).to_contain_text("尚未下发过参数")
    expect(page.get_by_label("每卡每日至多（元）")).to_have_value("40")
    assert list(violations(page)) == []


def test_a_box_gets_its_code_and_what_to_do_with_it(page: Page, console: Console, tmp_path: Path) -> None:
    with signer(console, tmp_path):
        sign_in(page, console)
        page.goto(f"{console.address}boxes")
        row = page.locator("tbody tr", has_text="bus-1")
        row.get_by_text("请选择").click()
        row.get_by_role("button", name="出入网码").click()
        expect(page.locator("code.once")).to_have_text(re.compile("^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$"))
        expect(page.locator("body")).to_contain_text("openykt edge enrol 'OYKT1/DOOR.EXAMPLE:8460/")
        assert list(violations(page)) == []
        page.get_by_role("link", name="网关入网").last.click()
        expect(page.locator("tbody tr", has_text="bus-1")).to_contain_text("在网关上输入码")
        assert list(faults(page, console, "/boxes")) == []


@contextmanager
def signer(console: Console, folder: Path) -> Iterator[None]:
    """Where an installation puts it for the console."""
    room = console.ca.parents[1]
    argv = [sys.executable, "-P", "-m", "provisioning", "signer", "--data", str(room)]
    argv += ["--door-socket", str(folder / "d"), "--office-socket", str(folder / "o")]
    argv += ["--server", "door.example:8460", "--broker", "door.example:8883"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("READY")
        try:
            yield
        finally:
            process.kill()
