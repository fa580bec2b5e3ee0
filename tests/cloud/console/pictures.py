"""Takes the README's pictures of the console: `python -m tests.cloud.console.pictures`, a quarter of an hour.

A demonstration campus of its own sells for some minutes, loses the end of a bus and one box, and six pages are looked
at in both languages. Pictures have 256 colours, so that they stay small. Nothing asserts them: they are for people.
"""

import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.cloud.console.screen import CHROMIUM, PASSWORD, QUIET

OUT = Path("docs/screens")
SIZE = {"width": 1280, "height": 800}
SELLS_S, BREAKS_S = 240, 75
LOST = ("--name pos-06 ", "--name pos-07 ", "--name pos-08 ", "--box bus-1 ")
"""What is stopped, by its command line: the end of a bus, and the box of a bus line."""
COLOURS, NEAR = 256, 60
PLAN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 560" width="1200" height="560">'
    '<rect width="1200" height="560" fill="#fff"/><g fill="none" stroke="#444" stroke-width="6">'
    '<rect x="20" y="20" width="1160" height="520"/><path d="M20 220H860M860 20V220M860 340V540"/></g>'
    '<g fill="#eef3f1" stroke="#999" stroke-width="2">'
    + "".join(f'<rect x="{x}" y="{y}" width="140" height="60"/>' for y in (300, 420) for x in (70, 270, 470, 670))
    + "</g></svg>"
)


def main() -> int:
    """Into OUT."""
    with campus() as (link, launcher), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_context(ignore_https_errors=True, viewport=SIZE, device_scale_factor=1).new_page()  # type: ignore[arg-type]
        base = link.split("/first-login")[0]
        _sign_in(page, link)
        _draw(page, base)
        page.goto(f"{base}/setup")
        page.click('form[action$="/setup/away"] button')
        time.sleep(SELLS_S)
        _stop(launcher)
        time.sleep(BREAKS_S)
        for language in ("zh", "en"):
            page.goto(f"{base}/language/{language}?at=/overview")
            for name, path in _paths(page, base).items():
                page.goto(base + path)
                page.wait_for_timeout(1_500)
                (OUT / f"{name}.{language}.png").write_bytes(smaller(page.screenshot()))
        browser.close()
    return 0


@contextmanager
def campus() -> Iterator[tuple[str, int]]:
    """A campus that sells: the first sign-in's link, and the launcher's number."""
    folder = Path(tempfile.mkdtemp())
    argv = ["./ykt", "up", "--data", str(folder / "var"), "--for", "1h"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        found = next(filter(None, (re.search(r"https://\S+/first-login/\S+", line) for line in process.stdout)))
        yield found[0], process.pid
    finally:
        for number in _children(process.pid):
            os.kill(number, signal.SIGCONT)
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _children(launcher: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        found += [int(folder.name)] if parent == launcher else []
    return found


def _stop(launcher: int) -> None:
    for number in _children(launcher):
        said = Path(f"/proc/{number}/cmdline").read_text().replace("\0", " ")
        if any(name in said for name in LOST):
            os.kill(number, signal.SIGSTOP)


def _sign_in(page: Page, link: str) -> None:
    page.goto(link)
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=again]", PASSWORD)
    page.click("button.main")


def _draw(page: Page, base: str) -> None:
    """A floor plan with the tills of the canteen on it."""
    page.goto(f"{base}/plans")
    page.fill("main input[name=name]", "第一食堂")
    page.set_input_files("input[type=file]", {"name": "plan.svg", "mimeType": "image/svg+xml", "buffer": PLAN.encode()})
    page.click('form[action$="/uploads/plans"] button')
    page.wait_for_url("**/edit")
    tray = page.locator("#tray a").evaluate_all("all => all.map(one => [one.textContent, one.href])")
    tills = [href for name, href in tray if name.startswith("pos")]
    for at, href in enumerate(tills):
        page.goto(href)
        page.fill("#place input[name=x]", str(7 + at % 7 * 10))
        page.fill("#place input[name=y]", str(14 + at // 7 * 14))
        page.click("#place button")
    page.click('form[action$="/publish"] button')


def _paths(page: Page, base: str) -> dict[str, str]:
    page.goto(f"{base}/devices?find=pos-06")
    device = page.locator("main tbody a").first.get_attribute("href") or ""
    return {
        "overview": "/overview", "plan": "/plans/1", "topology": "/topology", "alarms": "/alarms",
        "morning": "/morning", "device": device,
    }  # fmt: skip


def smaller(png: bytes) -> bytes:
    """The same picture in 256 colours, and of every other the nearest of these."""
    width, height, rows = _pixels(png)
    counts = Counter(row[at : at + 3] for row in rows for at in range(0, len(row), 3))
    palette = _palette([colour for colour, _ in counts.most_common()])
    place = {colour: at for at, colour in enumerate(palette)}
    for colour in counts:
        if colour not in place:
            place[colour] = min(range(len(palette)), key=lambda at: _apart(palette[at], colour))
    lines = b"".join(b"\0" + bytes(place[row[at : at + 3]] for at in range(0, len(row), 3)) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = [(b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return png[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def _palette(colours: list[bytes]) -> list[bytes]:
    """The commonest, and each that none of them is near to, so that a rare colour stays what it is."""
    chosen: list[bytes] = []
    for colour in colours:
        if len(chosen) < COLOURS and all(_apart(colour, one) > NEAR for one in chosen):
            chosen.append(colour)
    return chosen


def _apart(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _pixels(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height, and each row's RGB, of a PNG as a browser writes it: 8 bits, with or without alpha."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (depth, kind) in ((8, 2), (8, 6))
    step, at, packed = 3 if kind == 2 else 4, 8, b""
    while at < len(png):
        size, name = struct.unpack(">I4s", png[at : at + 8])
        packed += png[at + 8 : at + 8 + size] if name == b"IDAT" else b""
        at += 12 + size
    raw, line, rows = zlib.decompress(packed), width * step, []
    before = bytearray(line)
    for number in range(height):
        row = bytearray(raw[number * (line + 1) + 1 : (number + 1) * (line + 1)])
        _unfilter(raw[number * (line + 1)], row, before, step)
        rows.append(bytes(row) if step == 3 else b"".join(bytes(row[i : i + 3]) for i in range(0, line, 4)))
        before = row
    return width, height, rows


def _unfilter(kind: int, row: bytearray, above: bytearray, step: int) -> None:
    for at in range(len(row) if kind else 0):
        left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
        guess = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[kind]
        row[at] = row[at] + guess & 255


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda one: abs(guess - one))


if __name__ == "__main__":
    sys.exit(main())
