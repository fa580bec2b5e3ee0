"""A counter by hand at readers: `edge.card serve` holds card and PSAM, a person moves them. Both are real processes."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.card.sim.pcscd import why_not
from edge.card.sim.place import CARD_READER, PSAM_READER
from edge.files.memory import read_image
from shared.purse.cos.images import decode_card_image
from shared.records import PROVEN
from tests.edge.terminal.test_process import CARDS, OPENING, Campus, Process, on_loop
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(why_not()), reason=str(why_not()))]
ROOT = Path(__file__).parents[3]


def _hears_ctrl_c():
    """Also where the whole run was started in the background of a shell, which ignores it from birth."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Serving:
    """The process with the readers; `environment` is what its clients need."""

    def __init__(self, data, *words):
        command = [sys.executable, "-P", "-m", "edge.card", "serve", "--data", str(data), "--psam", "t1", *words]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1, preexec_fn=_hears_ctrl_c
        )
        self.lines = []
        self.until("READY cards")
        exported = next(line for line in self.lines if line.startswith("export "))
        self.environment = dict([exported.removeprefix("export ").split("=")])

    def until(self, words):
        while words not in (line := self.process.stdout.readline()):
            assert line, f"it ended without {words}"
            self.lines.append(line.strip())

    def say(self, line, words):
        self.process.stdin.write(f"{line}\n")
        self.until(words)

    def end(self):
        """Its pcscd ends with it."""
        self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.process.stdout.close()


@pytest.fixture
def campus(kit, school, tmp_path):
    return Campus(kit, school, tmp_path)


@pytest.fixture
def serving(campus, request, monkeypatch):
    one = Serving(campus.data, "--card", "0005", *getattr(request, "param", ()))
    for name, value in one.environment.items():
        monkeypatch.setenv(name, value)
    yield one
    one.end()


READERS = [sys.executable, "-P", "-m", "edge.card", "readers"]


def listed(*words):
    """What `readers` prints."""
    command = [*READERS, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=True).stdout


def balance(campus, label=5):
    return decode_card_image(read_image(campus.data / "cards" / f"{label:05d}.card")).balance_fen


@pytest.mark.parametrize("serving", [(), ("--card-t0", "--psam-t0")], ids=["T=1", "T=0"], indirect=True)
def test_sold_to_pulled_torn_and_put_back(campus, serving):
    async def play():
        words = ("--reader", CARD_READER, "--psam-reader", PSAM_READER)
        async with Process(campus, *words, verb="interactive") as hand:

            await hand.until(lambda p: any("在线" in line for line in p.lines))
            await hand.types("12.50", "成功 ¥12.50 余额 ¥187.50", "流水 1/1")
            await hand.types("log", "消费  ¥12.50")
            serving.say("pull", "已取出：card")
            await until_seen_empty()
            await hand.types("5", "请放卡")
            serving.say("put", "已放入：card")
            await hand.until(lambda p: any("成功 ¥5.00" in line for line in p.lines))
            serving.say("tear after-commit", "将断开")
            await hand.types("3", "请同一张卡重新放卡", "勿放行")
            serving.say("put", "已放入：card")
            await hand.types("again", "成功 ¥3.00")
            serving.say("pull psam", "已取出：psam")
            await hand.types("4", "PSAM")
            serving.say("put psam", "已放入：psam")
            await until_sold(hand, "4")
            serving.say("card 0006", "已放入：card")
            await hand.types("balance", "¥200.00")
            hand.process.stdin.write(b"quit\n")
            async with asyncio.timeout(PATIENCE_S):
                assert await hand.process.wait() == 0

    async def until_sold(hand, amount):
        """pcscd needs a moment to see the PSAM."""
        async with asyncio.timeout(PATIENCE_S):
            while not any(f"成功 ¥{amount}.00" in line for line in hand.lines):
                await hand.types(amount, "[", "┃")

    async def until_seen_empty():
        """pcscd believes for up to 0.4 s that the card is still there."""
        async with asyncio.timeout(PATIENCE_S):
            while f"{CARD_READER}\t空" not in await asyncio.to_thread(listed):
                pass

    on_loop(campus, play)
    assert balance(campus) == OPENING - 1250 - 500 - 300 - 400
    assert serving.end() == 0
    paid = [record.amount_fen for record in campus.kept() if record.kind in PROVEN]
    assert paid == [1250, 500, 300, 400]
    assert campus.cards_fen() == CARDS * OPENING - sum(paid)


def test_the_readers_process_ends_with_its_pcscd(campus, serving):
    socket = Path(next(iter(serving.environment.values())))
    pid = int((socket.parent / "pid").read_text())
    assert Path(f"/proc/{pid}").exists()
    serving.process.send_signal(signal.SIGINT)
    assert serving.process.wait(PATIENCE_S) == 0
    assert not Path(f"/proc/{pid}").exists()
    assert not socket.parent.exists()


def test_readers_lists_what_lies_there(campus, serving):
    lines = dict(line.split("\t", 1) for line in listed().splitlines())
    assert lines.keys() == {CARD_READER, PSAM_READER}
    assert lines[CARD_READER].startswith("有卡 3B")
    assert f"{CARD_READER}\tcard 3B" in listed("--lang", "en")
    without = {name: value for name, value in os.environ.items() if name not in serving.environment}
    nothing = subprocess.run(
        READERS, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        env={**without, "PCSCLITE_CSOCK_NAME": str(campus.data / "none")},
    )  # fmt: skip
    assert nothing.returncode == 2
    assert "pcscd 没有运行" in nothing.stderr
