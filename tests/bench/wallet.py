"""The wallet on a phone: what its first load weighs, when something is seen, and how soon a code is on the screen.

Real processes serve it, a real browser with a phone's screen looks at it, under 4G (9 Mbit/s, 170 ms) and a CPU slowed
four times. CDP adds the network's delay to each request. A code without a network is timed from the tap on its button
to the frame in which it stands, on a page that has been open before: files from the service worker, key from the phone.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import Now
from cloud.payments import doors
from cloud.process.settings import load_settings
from cloud.wallet.back.opening import open_people
from cloud.wallet.front.files import load_files
from cloud.wallet.people.persons import add_person, person_with_holder
from cloud.wallet.people.roster import holder_of
from cloud.wallet.people.sessions import make_link
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from tests.bench.row import Row, at_most
from tests.cloud.campus import campus_now, make_campus, part, run_part
from tests.cloud.console.screen import CHROMIUM, QUIET
from tests.cloud.ledger.phones import RULE

PHONE = {"width": 360, "height": 740}
SLOWER = 4
OCTETS_S, DELAY_MS = 9_000_000 // 8, 170
LINE = {"offline": False, "latency": DELAY_MS, "downloadThroughput": OCTETS_S, "uploadThroughput": OCTETS_S}
HOLDER, LABEL = "2026000003", "0003"
"""Of the demonstration: of age."""
DEPOSIT_FEN = 100_00
LOOKS = 5
READY_S = 60.0
CODE = "svg.qr"
OFFLINE = "[data-name=offline] button"


def rows() -> Iterator[Row]:
    """First load, first paint, codes."""
    packed = sum(len(file.packed) for file in load_files().values())
    yield at_most("wallet, all files, gzip (br is smaller)", packed / 1000, "kB", 60)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, _served(Path(folder)) as (address, link):
        yield from _first(address, link())
        yield from _codes(address, link())


@contextmanager
def _served(folder: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """A demonstration's campus that has switched offline codes on: the wallet's address, and links for its holder."""
    campus = make_campus(folder)
    socket, behind, port = folder / "keys.sock", free_port(), free_port()
    phones = folder / "phones.sock"
    run_part("cloud", "import", "--data", campus.data)
    run_part("cloud", "deposit", "--data", campus.data, "--card", LABEL, "--fen", DEPOSIT_FEN, "--key", "bench")
    with closing(open_prepared(load_settings(campus.data).dsn(None))) as opened:
        doors.offline(opened, None).set_rule(RULE, "bench", "", Now(int(time.time() * 1000), campus_now()))
    keys = part("keys", "provisioning", "keys", "--data", campus.data, "--socket", socket, "--wallet-socket", phones)
    accounts = part("accounts", "cloud", "accounts", "--data", campus.data, "--port", behind, "--keys", phones)
    words = ("--data", campus.data, "--port", port, "--accounts", f"https://127.0.0.1:{behind}")

    def link() -> str:
        now_ms = int(time.time() * 1000)
        with closing(open_people(campus.data)) as people, people.writing():
            holder = holder_of(people, HOLDER)
            assert holder is not None
            person = person_with_holder(people, HOLDER) or add_person(people, "", holder.name, HOLDER, now_ms)
            return make_link(people, person.id, now_ms)

    with (
        Standing(keys, folder),
        Standing(accounts, folder),
        Standing(part("wallet", "cloud", "wallet", *words), folder),
    ):
        yield f"https://127.0.0.1:{port}/", link


@contextmanager
def _page() -> Iterator[Page]:
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_context(ignore_https_errors=True, viewport=PHONE, has_touch=True, locale="zh-CN").new_page()
        page.set_default_timeout(READY_S * 1000)
        yield page
        browser.close()


def _slow(page: Page) -> CDPSession:
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.send("Network.emulateNetworkConditions", LINE)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return cdp


def _first(address: str, token: str) -> Iterator[Row]:
    """Nothing kept, nobody signed in before; then again, with what the phone has by then."""
    painted = list[float]()
    for turn in range(LOOKS):
        with _page() as page:
            _slow(page)
            page.goto(f"{address}#link={token}" if turn == 0 else address)
            page.wait_for_selector(".balance" if turn == 0 else "h1")
            found = page.evaluate(
                """() => { const all = ["navigation", "resource"].flatMap((one) => performance.getEntriesByType(one));
                return { fcp: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 1e9,
                now: performance.now(), bytes: all.reduce((sum, one) => sum + one.transferSize, 0) }; }"""
            )
            if turn == 0:
                yield at_most("wallet, first load, signed in: transferred", found["bytes"] / 1000, "kB", 60)
                yield Row("wallet, first load to the balances, 4G, CPU / 4", found["now"] / 1000, "s")
            painted.append(found["fcp"] / 1000)
    spread = f"{min(painted):.2f} … {max(painted):.2f}"
    found_s = at_most("wallet, first contentful paint, 4G, CPU / 4", statistics.median(painted), "s", 1.0)
    yield replace(found_s, spread=spread)


def _codes(address: str, token: str) -> Iterator[Row]:
    """On line and off line, the page warm, the CPU slowed."""
    with _page() as page:
        page.goto(f"{address}#link={token}")
        page.wait_for_selector(".balance")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.goto(f"{address}#offline")
        page.click("form[data-name=offlineStart] button")
        page.wait_for_selector(OFFLINE)
        page.reload()
        page.wait_for_selector(OFFLINE)
        cdp = _slow(page)
        page.click('nav a[href="#home"]')
        page.wait_for_selector(".balance")
        yield at_most("wallet, code on screen, 4G, CPU / 4", _tapped(page, 'nav a[href="#code"]'), "s", 0.5)
        cdp.send("Network.emulateNetworkConditions", {**LINE, "offline": True})
        page.reload()
        page.click('nav a[href="#code"]')
        page.wait_for_selector(OFFLINE)
        yield at_most("wallet, offline code on screen, CPU / 4", _tapped(page, OFFLINE), "s", 0.5)


def _tapped(page: Page, button: str) -> float:
    """Seconds from the tap to the frame that shows a code."""
    return float(
        page.evaluate(
            """([button, code]) => new Promise((done) => { const began = performance.now();
            const look = () => document.querySelector(code)
              ? requestAnimationFrame(() => done((performance.now() - began) / 1000)) : requestAnimationFrame(look);
            document.querySelector(button).click(); look(); })""",
            [button, CODE],
        )
    )
