"""A body's front as a process: it comes up whatever is missing, tells systemd, sells, ends in order."""

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from edge.card.sim.pcscd import why_not
from edge.card.sim.place import CARD_READER, PSAM_READER
from edge.files.memory import FileMemory
from edge.terminal.front.presses import KEY, event
from shared.records import PROVEN
from tests.edge.terminal.test_process import OPENING, Campus, Process, on_loop
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(why_not()), reason=str(why_not()))]
CODES = dict(zip("0123456789", (82, 79, 80, 81, 75, 76, 77, 71, 72, 73), strict=True)) | {".": 83, "\n": 96, "-": 74}
IDLE_CPU_MAX = 0.1
"""Of one core, while nobody is there."""


class Body:
    """The process's own things: keypad (a pipe), display (a file), systemd (a socket)."""

    def __init__(self, folder):
        self.keypad, self.screen = folder / "keypad", folder / "screen"
        os.mkfifo(self.keypad)
        self.hand = os.open(self.keypad, os.O_RDWR)
        self.systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.systemd.bind(str(folder / "notify"))
        self.systemd.setblocking(False)
        self.heard = []

    def words(self, psam=PSAM_READER):
        return (
            "--screen", str(self.screen), "--size", "480x320x32", "--keypad", str(self.keypad), "--reader", CARD_READER,
            "--psam-reader", psam, "--show",
        )  # fmt: skip

    def types(self, text):
        raw = b"".join(event(KEY, CODES[letter], value) for letter in text for value in (1, 0))
        os.write(self.hand, raw)

    def says(self, word):
        """Whether systemd has been told it."""
        try:
            while True:
                self.heard += self.systemd.recv(4096).decode().splitlines()
        except BlockingIOError:
            return word in self.heard

    def close(self):
        os.close(self.hand)
        self.systemd.close()


@pytest.fixture
def campus(kit, school, tmp_path):
    return Campus(kit, school, tmp_path)


@pytest.fixture
def body(tmp_path, monkeypatch):
    one = Body(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield one
    one.close()


def shows(words):
    return lambda process: any(words in line for line in process.lines)


async def eventually(fact):
    async with asyncio.timeout(PATIENCE_S):
        while not fact():  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.01)


def paid(campus):
    return [record.amount_fen for record in campus.kept() if record.kind in PROVEN]


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_without_a_psam_it_says_so_and_joins_nothing_and_then_it_sells(campus, body, school, readers):
    memory = school.memory(1, OPENING)

    async def play():
        async with Process(campus, *body.words(), verb="serve") as till:
            await till.until(shows("WAITING 没有安全模块：没有卡"))
            await till.ready()
            grey = body.screen.read_bytes()
            assert len(grey) == 480 * 320 * 4
            assert len(set(grey)) > 2
            assert campus.edge.hellos == []
            psam = FileMemory(campus.folder / "psam.bin", None)
            await asyncio.to_thread(readers.put_psam, school.psam(psam))
            await till.until(shows("SERVING"))
            await eventually(lambda: body.says("READY=1") and body.says("WATCHDOG=1"))
            await till.until(shows("已联网"))
            assert body.screen.read_bytes() != grey
            readers.server.card.insert(school.card(memory))
            body.types("12.50\n")
            await till.until(shows("DISPLAY done 成功 ¥12.50 余额 ¥187.50"))
            await eventually(lambda: paid(campus) == [1250])
            assert await till.end() == 0
            assert body.says("STOPPING=1")
            psam.close()

    on_loop(campus, play)


def test_it_stays_up_and_asks_little_of_the_processor(campus, body, readers):
    async def play():
        async with Process(campus, *body.words("nothing of this name"), verb="serve") as till:
            await till.until(shows("没有这台读卡器"))
            pid, began_s, used_s = till.process.pid, time.monotonic(), cpu_s(till.process.pid)
            await eventually(lambda: body.says("WATCHDOG=1") and body.heard.count("WATCHDOG=1") >= 3)
            assert cpu_s(pid) - used_s < 0.1 + IDLE_CPU_MAX * (time.monotonic() - began_s)
            assert await till.end(signal.SIGTERM) == 0

    on_loop(campus, play)
    assert campus.edge.hellos == []


def test_a_body_that_is_not_set_up_says_so(campus, body):
    (campus.folder / "terminal.json").unlink()

    async def play():
        async with Process(campus, *body.words(), verb="serve") as till:
            await till.until(shows("terminal.json"))
            assert await till.end() == 0

    on_loop(campus, play)


def test_killed_at_a_sale_it_goes_on_where_it_stood(campus, body, school, readers):
    memory = school.memory(1, OPENING)

    async def play():
        psam = FileMemory(campus.folder / "psam.bin", None)
        await asyncio.to_thread(readers.put_psam, school.psam(psam))
        for fen in (3, 5):
            async with Process(campus, *body.words(), verb="serve") as till:
                await till.until(shows("已联网"))
                readers.server.card.insert(school.card(memory))
                body.types(f"{fen}\n")
                await till.until(shows("DISPLAY done"))
                await till.end(signal.SIGKILL)
        async with Process(campus, *body.words(), verb="serve") as till:
            await till.until(shows("已联网"))
            await eventually(lambda: paid(campus) == [300, 500])
            assert await till.end() == 0
        psam.close()

    on_loop(campus, play)
