"""A terminal as a real process on real files: it is killed, cut off, told to close, and asked by hand."""

import asyncio
import json
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from edge.files.memory import read_image
from edge.link.tcp.link import TcpLink
from edge.terminal.station.shown import read_shown
from shared import records
from shared.clocks.campus_clock import WALL
from shared.money import yuan
from shared.purse.cos.images import PsamMaster, decode_card_image, new_psam_image
from shared.records import PROVEN
from shared.records.slot_file import render_initial
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
CARDS = 12
OPENING = 20_000


class Campus:
    """A data folder with one terminal and a few cards, and a small edge behind a real TCP link."""

    def __init__(self, kit, school, data, kind="pos", name="t1"):
        self.data, self.name, self.school = data, name, school
        self.folder = data / "terminals" / name
        self.folder.mkdir(parents=True)
        (data / "cards").mkdir()
        raw = {**kit.terminal_json, "name": name, "kind": kind, "ring_slots": 256}
        (self.folder / "terminal.json").write_text(json.dumps(raw), encoding="utf-8")
        psam = new_psam_image(kit.psam_id, {1: PsamMaster(school.purchase)})
        (self.folder / "psam.bin").write_bytes(render_initial(psam))
        index = {}
        for n in range(1, CARDS + 1):
            file = f"{n:05d}.card"
            (data / "cards" / file).write_bytes(render_initial(school.memory(n, OPENING).image))
            index[f"{n:04d}"] = {"file": file, "card": (b"\x53\x03" + n.to_bytes(8, "big")).hex()}
        (data / "cards" / "index.json").write_text(json.dumps(index), encoding="utf-8")
        self.edge = kit.SmallEdge(online=lambda number, request: school.grant(request, kit.psam_id, kit.noon_s + 5))
        self.settles = True
        self.time = lambda: kit.noon_s

    async def serve(self):
        self.link = TcpLink("127.0.0.1", 0)
        self.link.on_message(self._heard)
        self.link.on_peer(lambda peer, there: None)
        self._task = asyncio.create_task(self.link.run())
        self.port = await self.link.port()

    async def end(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _heard(self, peer, message):
        self.peer = peer
        for answer in self.edge.take(message, self.time()):
            self._say(peer, answer)
        if self.settles and self.edge.held(1) > self.edge.settled.get(1, 0):
            self._say(peer, self.edge.settle(1))

    def _say(self, peer, message):
        task = asyncio.ensure_future(self.link.send(peer, message))
        self._sends = [*[t for t in getattr(self, "_sends", []) if not t.done()], task]

    def wire(self):
        return "--tcp", f"127.0.0.1:{self.port}"

    def cards_fen(self):
        images = [read_image(path) for path in sorted((self.data / "cards").glob("*.card"))]
        return sum(decode_card_image(image).balance_fen for image in images)

    def kept(self):
        return [records.decode(raw) for raw in self.edge.kept.values()]


class Process:
    """One life of the terminal; lines are read as they come."""

    def __init__(self, campus, *words, verb="run"):
        self.campus, self.words, self.verb = campus, words, verb
        self.status = {}
        self.lines = []
        self._news = asyncio.Event()

    async def __aenter__(self):
        data = ("--data", str(self.campus.data), "--name", self.campus.name)
        command = (sys.executable, "-m", "edge.terminal", self.verb, *data, *self.campus.wire(), *self.words)
        self.process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reading
        self.process._transport.close()

    async def _read(self):
        while line := (await self.process.stdout.readline()).decode().rstrip("\n"):
            self.lines.append(line)
            if line.startswith("STATUS "):
                self.status = json.loads(line[7:])
            self._news.set()

    async def until(self, holds):
        async with asyncio.timeout(PATIENCE_S):
            while not holds(self):
                self._news.clear()
                await self._news.wait()

    async def types(self, line, *expected):
        """One line typed at the counter, and everything that it must say to it."""
        self.lines.clear()
        self.process.stdin.write(f"{line}\n".encode())
        for words in expected:
            await self.until(lambda p, words=words: any(words in said for said in p.lines))

    async def ready(self):
        await self.until(lambda p: f"READY {p.campus.name}" in p.lines)

    async def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


def on_loop(campus, play):
    async def main():
        await campus.serve()
        try:
            await play()
        finally:
            await campus.end()

    asyncio.run(main())


async def shows(campus, more):
    """So many more 成功, read from the log: as fresh as can be."""
    log = campus.folder / "shown.log"
    goal = shown_lines(log) + more
    async with asyncio.timeout(PATIENCE_S):
        while shown_lines(log) < goal:  # noqa: ASYNC110 - another process writes the file
            await asyncio.sleep(0.005)


def shown_lines(log):
    return log.read_bytes().count(b"\n") if log.exists() else 0


def shown_rows(campus):
    return list(read_shown(campus.folder / "shown.log"))


def check(campus, sign=-1):
    """Everything that was shown has its proven record, and the cards hold what the proven records say."""
    proven = {(r.card.hex(), r.counter, r.flags >> 2 & 1): r for r in campus.kept() if r.kind in PROVEN}
    assert len(proven) == sum(r.kind in PROVEN for r in campus.kept())
    by_seq = {seq: records.decode(raw) for (_, seq), raw in campus.edge.kept.items()}
    for row in shown_rows(campus):
        record = by_seq[row["seq"]]
        assert (record.card.hex(), record.counter, record.amount_fen) == (row["card"], row["counter"], row["fen"])
        assert record.kind in PROVEN
    moved = campus.cards_fen() - CARDS * OPENING
    assert moved == sign * sum(r.amount_fen for r in proven.values())
    return len(proven)


@pytest.fixture
def campus(kit, school, tmp_path):
    return Campus(kit, school, tmp_path)


def test_killed_again_and_again_in_a_busy_lunch(campus):
    rng = random.Random(3)

    async def play():
        for life in range(4):
            words = ("--customers", "--rate", "60", "--tear", "0.4", "--seed", str(life))
            async with Process(campus, *words) as process:
                await process.ready()
                await shows(campus, 5)
                await asyncio.sleep(rng.uniform(0.0, 0.2))
                await process.end(signal.SIGKILL)
        async with Process(campus, "--customers", "--rate", "60", "--seed", "9") as process:
            await process.until(lambda p: p.status.get("taps", 0) > 5)
            process.process.send_signal(signal.SIGUSR1)
            await process.until(lambda p: p.status.get("drained"))
            assert process.status["unsettled"] == process.status["open_slots"] == 0
            assert not process.status["selling"]
            assert await process.end() == 0

    on_loop(campus, play)
    assert check(campus) > 20


def test_loads_killed_in_between(kit, school, tmp_path):
    campus = Campus(kit, school, tmp_path, kind="load")
    script = tmp_path / "loads.jsonl"
    rows = [{"card": f"{n % CARDS + 1:04d}", "amount_fen": 100 + n} for n in range(60)]
    script.write_text("".join(json.dumps(row) + "\n" for row in rows))

    async def play():
        for life in range(4):
            async with Process(campus, "--script", str(script)) as process:
                await process.ready()
                await asyncio.sleep(0.05 + 0.05 * life)
                await process.end(signal.SIGKILL)
        async with Process(campus, "--script", str(script)) as process:
            await process.until(lambda p: p.status.get("script_done") and p.status["drained"])
            assert await process.end() == 0

    on_loop(campus, play)
    proven = [r.amount_fen for r in campus.kept() if r.kind in PROVEN]
    assert sorted(proven) == [row["amount_fen"] for row in rows], "each line once"
    check(campus, +1)


def test_a_script_is_played_once_and_in_order(campus, tmp_path):
    script = tmp_path / "sales.jsonl"
    rows = [
        {"card": "0003", "amount_fen": 500, "at": 0},
        {"card": "0003", "amount_fen": 500},
        {"card": "9999", "amount_fen": 1},
    ]
    script.write_text("".join(json.dumps(row) + "\n" for row in rows))

    async def play():
        async with Process(campus, "--script", str(script), "--show") as process:
            await process.until(lambda p: p.status.get("script_done") and p.status["drained"])
            assert (process.status["taps"], process.status["declined"]) == (2, 1)
            assert await process.end() == 0
        async with Process(campus, "--script", str(script)) as process:
            await process.until(lambda p: p.status.get("script_done"))
            assert (process.status["taps"], process.status["total_taps"]) == (0, 2)
            assert await process.end() == 0

    on_loop(campus, play)
    assert check(campus) == 2


def test_offline_it_sells_and_the_records_follow(campus):
    async def play():
        async with Process(campus, "--customers", "--rate", "80", "--tear", "0") as process:
            await process.until(lambda p: p.status.get("taps", 0) > 3)
            await campus.end()
            sold = process.status["taps"]
            await process.until(lambda p: p.status["taps"] > sold + 20)
            port = campus.port
            campus.link = TcpLink("127.0.0.1", port)
            campus.link.on_message(campus._heard)
            campus.link.on_peer(lambda peer, there: None)
            campus._task = asyncio.create_task(campus.link.run())
            process.process.send_signal(signal.SIGUSR1)
            await process.until(lambda p: p.status.get("drained"))
            assert await process.end() == 0

    on_loop(campus, play)
    check(campus)


def test_it_ends_with_its_standard_input(campus):
    async def play():
        async with Process(campus, "--end-with-stdin") as process:
            await process.ready()
            process.process.stdin.close()
            async with asyncio.timeout(PATIENCE_S):
                assert await process.process.wait() == 0

    on_loop(campus, play)


def test_the_same_terminal_twice_is_refused(campus):
    async def play():
        async with Process(campus) as process:
            await process.ready()
            async with Process(campus) as second:
                async with asyncio.timeout(PATIENCE_S):
                    assert await second.process.wait() == 2
            assert await process.end() == 0

    on_loop(campus, play)


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--data", "nowhere", "--name", "t1", "--tcp", "127.0.0.1:1"),
        ("run", "--data", ".", "--name", "t1"),
        ("run", "--data", ".", "--name", "t1", "--tcp", "nonsense"),
        ("frobnicate",),
        ("cards", "--data", "nowhere"),
    ],
)
def test_wrong_use_ends_with_two(words):
    async def main():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge.terminal", *words, stderr=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        _, said = await process.communicate()
        assert process.returncode == 2, said
        assert b"Traceback" not in said

    asyncio.run(main())


async def in_words(campus, language):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge.terminal", "cards", "--data", str(campus.data), "--lang", language,
        stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    said, _ = await process.communicate()
    return said.decode()


def test_cards_are_summed_up(campus):
    async def main():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge.terminal", "cards", "--data", str(campus.data), "--json",
            stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3],
        )  # fmt: skip
        said, _ = await process.communicate()
        assert json.loads(said) == {"cards": CARDS, "cards_fen": CARDS * OPENING, "subsidies": 0, "subsidy_fen": 0}
        whole = f"¥{yuan(CARDS * OPENING)}"
        assert (await in_words(campus, "zh")).endswith(f"{CARDS} 张卡，共 {whole}，其中补助 ¥0.00\n")
        assert (await in_words(campus, "en")).endswith(f"{CARDS} cards, {whole}, of which subsidy ¥0.00\n")

    asyncio.run(main())


def test_a_counter_by_hand(campus):
    async def play():
        async with Process(
            campus, "--card", "0005", "--box-kill", f"{sys.executable} -c pass", verb="interactive"
        ) as hand:

            await hand.until(lambda p: any("在线" in line for line in p.lines))
            await hand.types("12.50", "成功 ¥12.50 余额 ¥187.50", "消费12.50元", "流水 1/1")
            await hand.types("balance", "¥187.50")
            await hand.types("log", "消费  ¥12.50")
            await hand.types("pull after", "下次拔卡")
            await hand.types("3", "请同一张卡重新放卡", "勿放行", "请键入：again")
            await hand.types("again", "成功 ¥3.00")
            await hand.types("pull before", "下次拔卡")
            await hand.types("4", "勿放行")
            await hand.types("card 0006", "[0006]")
            await hand.types("5", "一笔 ¥4.00 未确认", "成功 ¥5.00")
            await hand.types("card 0005", "[0005]")
            await hand.types("again", "上笔 ¥4.00 未扣款")
            await hand.types("net off", "断网")
            await hand.types("6", "成功 ¥6.00")
            await hand.types("net on", "在线")
            await hand.types("box kill", "退出码 0")
            await hand.types("card 777", "没有这张卡")
            await hand.types("again", "没有待确认的交易")
            bad = campus.data / "cards" / json.loads((campus.data / "cards" / "index.json").read_text())["0006"]["file"]
            whole = bad.read_bytes()
            bad.write_bytes(b"scratched")
            await hand.types("card 0006", "[0006]")
            await hand.types("7", "卡片数据损坏，请换一张卡")
            await hand.types("balance", "卡片数据损坏，请换一张卡")
            bad.write_bytes(whole)
            await hand.types("gibberish", "看不懂")
            await hand.types("12,50", "看不懂", "请键入：12.50")
            await hand.types("status", "t1 · 消费机 · 在线 · 可消费", "消费 4 ¥26.50")
            await hand.types("help", "同一张卡再放一次")
            hand.lines.clear()
            hand.process.stdin.write(b"quit\n")
            async with asyncio.timeout(PATIENCE_S):
                assert await hand.process.wait() == 0
            await hand._reading
            assert not any("网络已断" in line for line in hand.lines), "a counter that is closed has no news"

    on_loop(campus, play)
    assert check(campus) == 4


@pytest.mark.parametrize("end", ["quit", "kill"])
def test_a_counter_switched_off_and_on_takes_the_same_sum_as_another_sale(campus, end):
    """What its display has shown is no news after a restart: a second serving is paid, or nothing is said to be."""

    campus.time = lambda: int(WALL.at(time.time()))

    async def play():
        async with Process(campus, "--card", "0005", verb="interactive") as hand:
            await hand.until(lambda p: any("在线" in line for line in p.lines))
            await hand.types("12.50", "成功 ¥12.50 余额 ¥187.50", "流水 1/1")
            if end == "kill":
                hand.process.kill()
            else:
                hand.process.stdin.write(b"quit\n")
            async with asyncio.timeout(PATIENCE_S):
                await hand.process.wait()
        async with Process(campus, "--card", "0005", verb="interactive") as hand:
            await hand.until(lambda p: any("在线" in line for line in p.lines))
            await hand.types("12.50", "成功 ¥12.50 余额 ¥175.00", "流水 1/2")
            assert not any("断电前" in line or "上笔" in line for line in hand.lines)
            hand.process.stdin.write(b"quit\n")
            async with asyncio.timeout(PATIENCE_S):
                await hand.process.wait()

    on_loop(campus, play)
    assert check(campus) == 2


def test_a_load_by_hand(kit, school, tmp_path):
    campus = Campus(kit, school, tmp_path, kind="load")

    async def play():
        async with Process(campus, "--lang", "en", verb="interactive") as hand:
            await hand.until(lambda p: any("online · selling · not posted 0" in line for line in p.lines))
            hand.process.stdin.write("圈存 50\n".encode())  # understood whatever the counter speaks
            await hand.until(lambda p: any("圈存成功 ¥50.00" in line for line in p.lines))  # the customer's display
            await hand.until(lambda p: any("record 1/1 · card counter" in line for line in p.lines))
            await hand.types("status", "t1 · load machine · online · selling", "loads 1 ¥50.00")
            hand.process.stdin.close()
            async with asyncio.timeout(PATIENCE_S):
                assert await hand.process.wait() == 0

    on_loop(campus, play)
    check(campus, +1)
