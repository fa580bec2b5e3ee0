"""The console over a campus of 5,000 terminals, and of 10,000: its pages, its stream, what a browser does with them.

The campus is written straight into a ledger file; boxes tell of their terminals as they would; many alarms stand.
A real process serves it over HTTPS, a real browser looks at it. Statements are counted at the door to the database, in
this process. What was read of others (research of November 2026) stands beside: nobody has measured them here.
"""

import asyncio
import json
import os
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from cloud.console.access.accounts import Accounts
from cloud.console.frame.sources import CONSOLE_FILE
from cloud.console.pages.home.overview import Overview
from cloud.console.pages.system.screens import Screens
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import open_reader
from cloud.ledger.records.values import Now
from cloud.process.settings import FOLDER
from cloud.watch.alarms.states import Alarm, Deed
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.store import open_watch
from compose.campus.campus import step
from compose.servers.ports import free_port
from shared.clocks.campus_clock import WALL
from shared.facts.told import Level
from shared.ids import DeviceId
from shared.inventory import BoxRow, DeviceKind, DeviceRow
from shared.wire.messages import BoxState, TerminalState
from tests.bench.row import Row, at_most
from tests.cloud.console.screen import CHROMIUM, PASSWORD, QUIET
from tests.cloud.ledger import campus as c

BOXES, EACH = 50, 100
LARGE_BOXES = 100
ALARMS = 2_000
LISTS = "devices", "alarms", "cards", "ledger/journal", "ledger/reconcile", "parameters", "topology", "plans"
ROUNDS = 20
"""Requests of each list, and events that are waited for on the screen."""
EVENT_S, SEEN_S = 1.5, 10.0
TRACED_S = 10.0
WALL_S = 60
OTHERS = "Uptime Kuma 2.5.3, 1,000 monitors, as read"
"""Its pull request 7833: usable after 8.4 s, 10.9 MB, some 7,000 queries a client."""
THINGSBOARD = "ThingsBoard, 10,000 devices, as read"
"""Its issue 12383: the map took minutes, then the tab froze."""
VIEWERS = 300
A_SESSION, AN_ADDRESS = 8, 30
LISTEN_S = 10.0
CALLS = 8
"""At once, until they are in."""
TRIES = 5
SAID_S = 2.0
LOOKS = 5


def rows() -> Iterator[Row]:
    """Reading and statements in this process, then the served console."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        room = _campus(Path(folder), BOXES)
        yield from _read(room)
        with _served(room) as address, _spoken(room, BOXES) as speaker:
            yield from _seen(room, address, speaker)
            yield _fan_out(room, address)
            yield from wall(room, address, WALL_S)
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as folder,
        made(Path(folder), LARGE_BOXES) as (room, address),
        _browsing(room, address) as page,
    ):
        for name in ("overview", "devices", "topology"):
            yield _live(page, f"{address}{name}", f"console, {name}, 10,000 terminals: live", THINGSBOARD)


@contextmanager
def made(folder: Path, boxes: int) -> Iterator[tuple[Path, str]]:
    """A served campus whose boxes go on telling: its folder and the console's address."""
    room = _campus(folder, boxes)
    with _served(room) as address, _spoken(room, boxes):
        yield room, address


def _campus(folder: Path, boxes: int) -> Path:
    """The demonstration's folders, and in its ledger boxes × EACH terminals more."""
    room = folder / "campus"
    for words in (
        ("provisioning", "plan", "demo", "--cards", "5", "--out", str(folder / "plan.json")),
        ("provisioning", "campus", "--data", str(room), "--plan", str(folder / "plan.json")),
        ("cloud", "import", "--data", str(room)),
    ):
        subprocess.run(step("step", *words).argv, check=True, stdout=subprocess.DEVNULL)
    with closing(_ledger(room)) as ledger:
        now = _now()
        devices = tuple(_device(box, n) for box in range(boxes) for n in range(EACH))
        named = tuple(BoxRow(_box(n), n % 10, f"第 {n} 食堂", b"") for n in range(boxes))
        ledger.import_inventory(c.inventory(0, number=99, psams=(), devices=devices, boxes=named), now)
        _say(ledger, range(boxes))
    with closing(open_watch(room / FOLDER)) as store, store.db.writing():
        store.write([_raised(n, now.unix_ms) for n in range(ALARMS)])
    return room


def _raised(n: int, at_ms: int) -> Change:
    alarm = Alarm(Level.GENERAL, is_active=True, is_acked=False, since_ms=at_ms, last_ms=at_ms)
    return Change(Key("terminal-silent", Source(Kind.TERMINAL, _id(n).hex())), at_ms, Deed.RAISED, alarm)


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
    return f"bench-{n:03}"


def _say(ledger: Ledger, boxes: Iterable[int]) -> None:
    """Each of these boxes, once."""
    for box in boxes:
        _box_says(ledger, box, _now().unix_ms % 7)


def _box_says(ledger: Ledger, box: int, unsettled: int) -> None:
    at_ms = _now().unix_ms
    terminals = tuple(
        TerminalState(_id(box * EACH + n), str(n), "can0", "joined", at_ms, 3, 3, 0, 0) for n in range(EACH)
    )
    state = BoxState(_box(box), c.STORE, at_ms, True, unsettled, 1000, 99, 0, 0, terminals)
    ledger.store_state(_box(box), state, at_ms)


class Speaker:
    """Boxes that go on telling; the first one tells what is asked of it, too, at once."""

    def __init__(self, room: Path, boxes: int) -> None:
        self._room, self._boxes, self._held = room, boxes, 0
        self.over = threading.Event()

    def tell(self, ledger: Ledger, unsettled: int) -> None:
        """From now on the first box has so much that is not settled."""
        self._held = unsettled
        _box_says(ledger, 0, unsettled)

    def speak(self) -> None:
        """Until it is over."""
        with closing(_ledger(self._room)) as ledger:
            while not self.over.wait(SAID_S):
                _say(ledger, range(1, self._boxes))
                _box_says(ledger, 0, self._held)


@contextmanager
def _spoken(room: Path, boxes: int) -> Iterator[Speaker]:
    speaker = Speaker(room, boxes)
    thread = threading.Thread(target=speaker.speak, daemon=True)
    thread.start()
    try:
        yield speaker
    finally:
        speaker.over.set()
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
    yield Row("console, statements of it, for all viewers together", max(asked), "statements", OTHERS, 7_000.0)


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


@contextmanager
def _browsing(room: Path, address: str) -> Iterator[Page]:
    """Signed in, with the overview open."""
    with closing(Accounts(room / "cloud" / "console.db")) as accounts:
        link = accounts.make_link("admin", int(time.time()))
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{address}first-login/{link}")
        page.fill("input[name=password]", PASSWORD)
        page.fill("input[name=again]", PASSWORD)
        page.click("button.main")
        page.wait_for_selector("#pill.live")
        yield page
        browser.close()


def _seen(room: Path, address: str, speaker: Speaker) -> Iterator[Row]:
    """A browser's cold look at the overview, then warm ones; lists; what it does with what moves."""
    with _browsing(room, address) as page:
        page.context.new_cdp_session(page).send("Network.clearBrowserCache")
        yield from _looked(page, f"{address}overview", "cold", 300.0, OTHERS)
        yield from _looked(page, f"{address}overview", "warm", 60.0)
        yield from _looked(page, f"{address}devices", "devices, warm", 60.0)
        yield from _listed(page, address)
        page.goto(f"{address}overview")
        page.wait_for_selector("#pill.live")
        yield from _busy(page)
        yield _on_screen(room, page, speaker)


def _listed(page: Page, address: str) -> Iterator[Row]:
    """Server and loopback, of pages of 100 rows; and how many elements they have."""
    for name in LISTS:
        took, nodes = [], 0
        for _ in range(ROUNDS):
            began = time.perf_counter()
            answer = page.request.get(f"{address}{name}?size=100")
            took.append((time.perf_counter() - began) * 1000)
            nodes = max(nodes, len(re.findall("<[a-z]", answer.text())))
        took.sort()
        yield at_most(f"console, {name}, 100 rows: answered p95", took[len(took) * 95 // 100], "ms", 150)
        yield at_most(f"console, {name}, 100 rows: elements", nodes, "nodes", 3_000)


def _busy(page: Page) -> Iterator[Row]:
    """What the page's own thread does while it keeps itself new."""
    browser = page.context.browser
    if browser is None:
        return
    browser.start_tracing(page=page, categories=TRACED)
    page.wait_for_timeout(TRACED_S * 1000)
    found = json.loads(browser.stop_tracing())["traceEvents"]
    main = {(one["pid"], one["tid"]) for one in found if one.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [_ms(one) for one in found if one["name"] == "RunTask" and (one["pid"], one["tid"]) in main]
    calls = sorted(_ms(one) for one in found if one["name"] == "FunctionCall" and (one["pid"], one["tid"]) in main)
    yield at_most("console, overview: tasks above 50 ms", sum(took > 50 for took in tasks), "tasks", 0)
    yield at_most("console, overview: a script's turn p95", calls[len(calls) * 95 // 100] if calls else 0.0, "ms", 8)


TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel"]


def _ms(event: dict[str, Any]) -> float:
    return float(event.get("dur", 0)) / 1000


def _on_screen(room: Path, page: Page, speaker: Speaker) -> Row:
    """From the moment at which a box tells the ledger to the moment at which the page's elements are others."""
    page.evaluate(
        """() => { window.seen = []; new MutationObserver(() => {
        const said = document.querySelector("[aria-labelledby=t-unposted] .big")?.textContent.match(/[0-9]+/g);
        if (said) window.seen.push([Date.now(), Number(said.join(""))]);
        }).observe(document.getElementById("live"), { childList: true, subtree: true, characterData: true }); }"""
    )
    told: dict[int, float] = {}
    with closing(_ledger(room)) as ledger:
        for turn in range(1, ROUNDS + 1):
            number = 1_000_000 + turn * 1_000
            told[number] = time.time() * 1000
            speaker.tell(ledger, number)
            page.wait_for_timeout(EVENT_S * 1000)
    page.wait_for_timeout(SEEN_S * 1000)
    seen = page.evaluate("window.seen")
    took = sorted(
        (min((at for at, said in seen if said >= number), default=at_ms + SEEN_S * 1000) - at_ms) / 1000
        for number, at_ms in told.items()
    )
    return at_most("console, event at the cloud to the screen p95", took[len(took) * 95 // 100], "s", 0.7)


def wall(room: Path, address: str, seconds: int) -> Iterator[Row]:
    """What a wall page holds after a while, beside when it was fresh: garbage collected before each look."""
    secret = Screens(room / FOLDER / CONSOLE_FILE).make(f"bench {seconds}", "campus", "admin", int(time.time()))
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.goto(f"{address}wall/{secret}")
        page.wait_for_timeout(SETTLED_S * 1000)
        before = _heap(page)
        page.wait_for_timeout(seconds * 1000)
        grown = _heap(page) - before
        browser.close()
    name = f"console, wall page: heap grown in {seconds} s"
    yield at_most(name, grown, "MB", HEAP_GROWN_MB, "heap when it was fresh", before)


SETTLED_S, HEAP_GROWN_MB = 10, 1.0


def _heap(page: Page) -> float:
    cdp = page.context.new_cdp_session(page)
    for method in ("HeapProfiler.enable", "HeapProfiler.collectGarbage", "Performance.enable"):
        cdp.send(method)
    metrics = cdp.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")) / 1e6


def _live(page: Page, address: str, name: str, beside: str = "") -> Row:
    """From the click to numbers that are told to be live; the best of three."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        page.goto(address)
        page.wait_for_selector("#pill.live")
        took.append(time.perf_counter() - began)
    return at_most(name, min(took), "s", 1.0, beside)


def _looked(page: Page, address: str, name: str, kilobytes: float, beside: str = "") -> Iterator[Row]:
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
    yield at_most(f"console, {name}: live", live_s, "s", 1.0, beside, 8.4 if beside else None)
    yield at_most(
        f"console, {name}: transferred", found["bytes"] / 1000, "kB", kilobytes, beside, 10_900.0 if beside else None
    )
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
        reader, writer = await _connected(port, context, f"127.0.0.{2 + n // AN_ADDRESS}")
    writer.write(f"GET /events?show=overview HTTP/1.1\r\nHost: x\r\nCookie: ykt_session={token}\r\n\r\n".encode())
    lags, until = list[float](), time.monotonic() + LISTEN_S
    while time.monotonic() < until:
        line = await reader.readline()
        if line.startswith(b"data: "):
            lags.append(time.time() * 1000 - json.loads(line[6:])["at_ms"])
    writer.close()
    return lags[1:]


async def _connected(
    port: int, context: ssl.SSLContext, address: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A busy machine lets some handshakes fall: tried again so many times."""
    for _ in range(TRIES - 1):
        with suppress(ConnectionResetError):
            return await asyncio.open_connection("127.0.0.1", port, ssl=context, local_addr=(address, 0))
    return await asyncio.open_connection("127.0.0.1", port, ssl=context, local_addr=(address, 0))


def _now() -> Now:
    at = time.time()
    return Now(int(at * 1000), WALL.at(at))
