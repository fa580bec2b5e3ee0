"""The console over a campus of 5,000 terminals: its pages, its stream, what a browser does with them.

The campus is written straight into a ledger file; boxes tell of their terminals as they would. A real process serves it
over HTTPS, a real browser looks at it. Statements are counted at the door to the database, in this process.
"""

import asyncio
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from cloud.console.access.accounts import Accounts
from cloud.console.pages.home.overview import Overview
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import open_reader
from cloud.ledger.records.values import Now
from compose.campus.campus import step
from compose.servers.ports import free_port
from shared.clocks.campus_clock import WALL
from shared.ids import DeviceId
from shared.inventory import BoxRow, DeviceKind, DeviceRow
from shared.wire.messages import BoxState, TerminalState
from tests.bench.row import Row, at_most
from tests.cloud.console.screen import CHROMIUM, PASSWORD, QUIET
from tests.cloud.ledger import campus as c

BOXES, EACH = 50, 100
VIEWERS = 300
A_SESSION, AN_ADDRESS = 8, 30
LISTEN_S = 10.0
CALLS = 8
"""At once, until they are in."""
SAID_S = 2.0
LOOKS = 5


def rows() -> Iterator[Row]:
    """Reading and statements in this process, then the served console."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        room = _campus(Path(folder))
        yield from _read(room)
        with _served(room) as address, _spoken(room):
            yield from _seen(room, address)
            yield _fan_out(room, address)


def _campus(folder: Path) -> Path:
    """The demonstration's folders, and in its ledger BOXES × EACH terminals more."""
    room = folder / "campus"
    for words in (
        ("provisioning", "plan", "demo", "--cards", "5", "--out", str(folder / "plan.json")),
        ("provisioning", "campus", "--data", str(room), "--plan", str(folder / "plan.json")),
        ("cloud", "import", "--data", str(room)),
    ):
        subprocess.run(step("step", *words).argv, check=True, stdout=subprocess.DEVNULL)
    with closing(_ledger(room)) as ledger:
        now = _now()
        devices = tuple(_device(box, n) for box in range(BOXES) for n in range(EACH))
        boxes = tuple(BoxRow(_box(n), n % 10, f"第 {n} 食堂", b"") for n in range(BOXES))
        ledger.import_inventory(c.inventory(0, number=99, psams=(), devices=devices, boxes=boxes), now)
        _say(ledger)
    return room


def _ledger(room: Path) -> Ledger:
    with closing(open_reader(str(room / "cloud" / "ledger.db"))) as reader:
        number = reader.overview().ledger
    return open_ledger(str(room / "cloud" / "ledger.db"), number)  # type: ignore[arg-type]  # a LedgerId's octets


def _device(box: int, n: int) -> DeviceRow:
    number = box * EACH + n
    return DeviceRow(_id(number), DeviceKind.POS, _box(box), f"t{number:05}", f"{n} 号窗口", f"商户 {box}-{n % 10}")


def _id(number: int) -> DeviceId:
    return DeviceId(b"\x00\x7f" + number.to_bytes(4, "big"))


def _box(n: int) -> Any:
    return f"bench-{n:02}"


def _say(ledger: Ledger) -> None:
    """Every box, once."""
    at_ms = _now().unix_ms
    for box in range(BOXES):
        terminals = tuple(
            TerminalState(_id(box * EACH + n), str(n), "can0", "joined", at_ms, 3, 3, 0, 0) for n in range(EACH)
        )
        ledger.store_state(
            _box(box), BoxState(_box(box), c.STORE, at_ms, True, at_ms % 7, 1000, 99, 0, 0, terminals), at_ms
        )


@contextmanager
def _spoken(room: Path) -> Iterator[None]:
    """Boxes go on telling."""
    over = threading.Event()

    def speak() -> None:
        with closing(_ledger(room)) as ledger:
            while not over.wait(SAID_S):
                _say(ledger)

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _read(room: Path) -> Iterator[Row]:
    with closing(open_reader(str(room / "cloud" / "ledger.db"))) as reader:
        overview, took, asked = Overview(reader), list[float](), list[int]()
        run: Any = reader.database.run
        counted = [0]

        def counting(*words: Any) -> Any:
            counted[0] += 1
            return run(*words)

        reader.database.run = counting  # type: ignore[method-assign, assignment]
        for turn in range(LOOKS):
            counted[0], began = 0, time.perf_counter()
            overview.read(_now().unix_ms + turn * 3_000)
            took.append((time.perf_counter() - began) * 1000)
            asked.append(counted[0])
    yield Row("console, overview read whole, 5,000 terminals", statistics.median(took), "ms")
    yield Row("console, statements of it, for all viewers together", max(asked), "statements")


@contextmanager
def _served(room: Path) -> Iterator[str]:
    argv = [sys.executable, "-P", "-m", "cloud", "console", "--data", str(room), "--port", str(free_port())]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        assert process.stdout
        yield process.stdout.readline().split()[2]
    finally:
        process.kill()
        process.wait()


def _seen(room: Path, address: str) -> Iterator[Row]:
    """A browser's cold look at the overview, then warm ones."""
    with closing(Accounts(room / "cloud" / "console.db")) as accounts:
        link = accounts.make_link("admin", int(time.time()))
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.goto(f"{address}first-login/{link}")
        page.fill("input[name=password]", PASSWORD)
        page.fill("input[name=again]", PASSWORD)
        page.click("button.main")
        page.wait_for_selector("#pill.live")
        page.context.new_cdp_session(page).send("Network.clearBrowserCache")
        yield from _looked(page, f"{address}overview", "cold", 300.0)
        yield from _looked(page, f"{address}overview", "warm", 60.0)
        yield from _looked(page, f"{address}devices", "devices, warm", 60.0)
        browser.close()


def _looked(page: Page, address: str, name: str, kilobytes: float) -> Iterator[Row]:
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("#pill.live")
    live_s = time.perf_counter() - began
    found = page.evaluate(
        """() => { const all = ["navigation", "resource"].flatMap((one) => performance.getEntriesByType(one));
        return { fcp: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
        bytes: all.reduce((sum, one) => sum + one.transferSize, 0), requests: all.length }; }"""
    )
    yield at_most(f"console, {name}: first contentful paint", found["fcp"] / 1000, "s", 0.5)
    yield at_most(f"console, {name}: live", live_s, "s", 1.0)
    yield at_most(f"console, {name}: transferred", found["bytes"] / 1000, "kB", kilobytes)
    yield at_most(f"console, {name}: requests", found["requests"], "requests", 12)


def _fan_out(room: Path, address: str) -> Row:
    with closing(Accounts(room / "cloud" / "console.db")) as accounts:
        tokens = [accounts.open_session("admin", int(time.time())) for _ in range(-(-VIEWERS // A_SESSION))]
    lags = sorted(asyncio.run(_listened(urlsplit(address).port or 0, tokens)))
    return at_most(f"console, {VIEWERS} viewers: lag p99", lags[len(lags) * 99 // 100] / 1000, "s", 0.3)


async def _listened(port: int, tokens: list[str]) -> list[float]:
    turns = asyncio.Semaphore(CALLS)
    found = await asyncio.gather(*(_viewer(port, tokens[n // A_SESSION], n, turns) for n in range(VIEWERS)))
    return [lag for one in found for lag in one]


async def _viewer(port: int, token: str, n: int, turns: asyncio.Semaphore) -> list[float]:
    """Lags in ms of what one viewer heard, but the first frame: it is as old as the last tick."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with turns:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, local_addr=(f"127.0.0.{2 + n // AN_ADDRESS}", 0)
        )
    writer.write(f"GET /events?show=overview HTTP/1.1\r\nHost: x\r\nCookie: ykt_session={token}\r\n\r\n".encode())
    lags, until = list[float](), time.monotonic() + LISTEN_S
    while time.monotonic() < until:
        line = await reader.readline()
        if line.startswith(b"data: "):
            lags.append(time.time() * 1000 - json.loads(line[6:])["at_ms"])
    writer.close()
    return lags[1:]


def _now() -> Now:
    at = time.time()
    return Now(int(at * 1000), WALL.at(at))
