"""Our own terminal on the conformance bench: the firmware in virtual time, and the whole process over TCP."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.conform.exam import CHECKS, LAWS, Exam
from edge.conform.report import Verdict, line
from edge.conform.stand import Now
from edge.conform.subject import Subject
from edge.link.tcp.door import HAS_PSK
from edge.terminal.down import documents
from edge.terminal.down.orders import Answer, Orders
from edge.terminal.store.book import Book
from edge.terminal.store.codes import CodesHere
from edge.terminal.taps import offline_code, paying, till_order
from shared.fleet.document import Offer, decode_head
from shared.fleet.hotlist import Hotlist
from shared.keys.document_key import Keyring
from shared.online import code_request
from shared.purse.cos.images import PsamMaster, new_psam_image
from shared.records.slot_file import render_initial
from shared.wire.fleet_lane import Verdict as Answered

ROOT = Path(__file__).parents[3]
SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
STEP_S = 0.05
LONGEST_S = 1200
BOUND_S = 240.0
LARGE = pytest.mark.large
NEEDS_PSK = pytest.mark.skipif(not HAS_PSK, reason="this Python has no TLS-PSK")


class Edge:
    """The bench in the place of the small edge of the rig."""

    def __init__(self, bench, *, is_bus):
        self.bench = bench
        raw = bench.settings
        subject = Subject(raw.device, raw.key, campus=raw.campus, campus_seed=SEED)
        self.exam = Exam(subject, bench.school.rng.randbytes, is_bus=is_bus, tap_s=5.0, cuts=True)

    def now(self):
        return Now(self.bench.mono_s, self.bench.now().rtc_s)

    def take(self, raw, campus_s):
        self.exam.message(raw, self.now())
        return self.exam.take_out()

    def wire(self, up):
        self.bench.firmware.wire(up, self.bench.now())
        self.exam.wire(up, self.now())
        self.bench.exchange()


def examined(kit, school, memory, **changed):
    bench = kit.Bench(school, campus_key=PUBLIC.hex(), ring_slots=256, **changed)
    edge = bench.edge = Edge(bench, is_bus="address" in changed)
    edge.exam.begin(edge.now())
    edge.wire(True)
    for _ in range(int(LONGEST_S / STEP_S)):
        bench.wait(STEP_S)
        edge.exam.tick(edge.now())
        for message in edge.exam.take_out():
            bench.deliver(message)
        if edge.exam.take_hang_up():
            edge.wire(False)
            edge.wire(True)
        for said in edge.exam.take_said():
            done(bench, edge, said.en, school.card(memory))
        if edge.exam.is_over:
            return edge.exam.report
    raise AssertionError("the examination does not end")


def done(bench, edge, said, card):
    """What a person at the bench does."""
    firmware, code = bench.firmware, said.split()[-1]
    deeds = {
        "tap": lambda: firmware.sell(100, bench.now()),
        "pay by account": lambda: firmware.pay(100, bench.now()),
        "show this code": lambda: firmware.pay_by_code(100, code, bench.now()),
        "key this payment code": lambda: firmware.pay_by_code(100, code, bench.now()),
        "show an order": lambda: firmware.order(100, bench.now()),
    }
    for begins, deed in deeds.items():
        if said.startswith(begins):
            bench.tap(deed(), card)
    if said.startswith("cut the power"):
        bench.power_on()
        edge.wire(True)


def failed(report):
    return {one.check for one in report.findings if one.verdict is Verdict.FAILED}


@pytest.mark.parametrize(
    "changed",
    [{}, {"address": 3, "link": {"name": "can0", "kind": "can", "bitrate": 125_000}}],
    ids=["tcp", "bus"],
)
def test_our_own_firmware_passes_all(kit, school, memory, changed):
    report = examined(kit, school, memory, **changed)
    assert not failed(report), [line(one) for one in report.findings if one.verdict is Verdict.FAILED]
    assert report.count(Verdict.PASSED) == len(CHECKS) + len(LAWS)
    assert any(one.check == "power.kept" for one in report.findings)


def _believes(ring, signed):
    return decode_head(signed.raw)


def _obeys(orders, order, campus_s):
    return Answer(Answered.IN_USE)


ONLINE = {"online.reversed", "online.code", "online.order"}
HASHED = {"document.taken", "document.order", "document.expired", "code.once"}


@pytest.mark.parametrize(
    ("owner", "name", "defect", "checks"),
    [
        (Keyring, "opened", _believes, {"document.forged", "document.scope"}),
        (documents.Documents, "_is_meant", lambda self, head: True, {"document.scope"}),
        (Orders, "_here", _obeys, {"document.expired"}),
        (documents, "judge", lambda held, head: Offer.NEWER, {"document.older", "document.fork"}),
        (documents, "digest_of", lambda body: bytes(32), HASHED),
        (Hotlist, "contains", lambda listed, card, index: False, {"document.listed"}),
        (Orders, "lock", None, {"document.order"}),
        (Book, "reversed", lambda book, waiting, _: book.drop(waiting), ONLINE),
        (Book, "reversed", Book.paid, ONLINE),
        (till_order, "LOOK_S", 0.1, {"online.order"}),
        (paying, "code_means", lambda code: code_request(code, 1).card, {"online.code"}),
        (CodesHere, "is_taken", lambda *_: False, {"code.once"}),
        (offline_code, "is_signed_use", lambda *_: True, {"code.once"}),
    ],
    ids=[
        "believes-any-signature", "takes-what-is-for-others", "obeys-too-late", "goes-backwards", "never-hashes",
        "sells-to-listed", "sells-locked", "never-reverses", "sells-on-unknown", "looks-without-end", "keeps-the-code",
        "forgets-uses", "believes-any-phone",
    ],
)
def test_a_terminal_that_takes_what_it_should_not_fails(kit, school, memory, monkeypatch, owner, name, defect, checks):
    monkeypatch.setattr(owner, name, defect)
    assert failed(examined(kit, school, memory)) == checks


class Wire(NamedTuple):
    """bench, terminal: their options; changed: the terminal's settings; line: what carries it."""

    bench: tuple[str, ...]
    terminal: tuple[str, ...]
    changed: dict
    line: tuple[str, ...] = ()


def tcp(_folder):
    return Wire(("--tcp", "0"), ("--tcp", "127.0.0.1:PORT"), {})


def tls(_folder):
    changed = {"link": {"name": "tcp", "kind": "tcp", "plain": False}}
    return Wire(("--tcp", "0"), ("--tcp", "127.0.0.1:PORT"), changed)


def can(folder):
    channel = f"simbus:{folder / 'can'}"
    line = ("edge.link.sim.can_daemon", "--socket", str(folder / "can"), "--end-with-stdin")
    changed = {"address": 3, "link": {"name": "can0", "kind": "can", "bitrate": 125_000}}
    return Wire(("--can", channel), ("--can", channel), changed, line)


def rs485(folder):
    line = ("edge.link.sim.rs485", "--dir", str(folder / "line"), "--ports", "3", "--end-with-stdin")
    changed = {"address": 3, "link": {"name": "line0", "kind": "rs485", "baud": 115_200}}
    bench, terminal = (str(folder / "line" / name) for name in ("master", "03"))
    return Wire(("--rs485", bench), ("--rs485", terminal), changed, line)


@asynccontextmanager
async def process(*words, **streams):
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words, stdin=asyncio.subprocess.PIPE, cwd=ROOT, **streams
    )
    try:
        yield started
    finally:
        started.stdin.close()
        if started.returncode is None:
            started.terminate()
        await started.wait()


async def _on_the_bench(folder, wire):
    """Its exit code, and what it said."""
    files = ("--terminal", str(folder / "subject.json"), "--json", str(folder / "report.json"))
    words = ("terminal", *files, *wire.bench, "--tap-wait", "3", "--lang", "en")
    quiet = asyncio.subprocess.DEVNULL
    async with AsyncExitStack() as stack:
        if wire.line:
            await stack.enter_async_context(process(*wire.line, stdout=quiet))  # both ends wait for it
        bench = await stack.enter_async_context(process("edge.conform", *words, stdout=asyncio.subprocess.PIPE))
        port = (await bench.stdout.readline()).decode().split()[-1] if not wire.line else ""
        run = ("run", "--data", str(folder), "--name", "t1", *(word.replace("PORT", port) for word in wire.terminal))
        await stack.enter_async_context(
            process("edge.terminal", *run, "--customers", "--rate", "2", "--end-with-stdin", stdout=quiet)
        )
        said = (await asyncio.wait_for(bench.stdout.read(), BOUND_S)).decode()
        return await bench.wait(), said


def _made(folder, raw, psam, cards):
    (folder / "terminals" / "t1").mkdir(parents=True)
    (folder / "terminals" / "t1" / "terminal.json").write_text(json.dumps(raw), encoding="utf-8")
    (folder / "terminals" / "t1" / "psam.bin").write_bytes(render_initial(psam))
    (folder / "cards").mkdir()
    index = {}
    for n, card in enumerate(cards, 1):
        (folder / "cards" / f"{n:05d}.card").write_bytes(render_initial(card))
        index[f"{n:04d}"] = {"file": f"{n:05d}.card", "card": (b"\x53\x03" + n.to_bytes(8, "big")).hex()}
    (folder / "cards" / "index.json").write_text(json.dumps(index), encoding="utf-8")
    subject = {name: raw[name] for name in ("device", "key", "campus")} | {"campus_seed": SEED.hex()}
    if raw.get("address"):
        rate = raw["link"].get("bitrate") or raw["link"]["baud"]
        subject |= {"address": raw["address"], "bitrate": rate}
    (folder / "subject.json").write_text(json.dumps(subject), encoding="utf-8")


@pytest.mark.process
@pytest.mark.parametrize(
    "wire",
    [pytest.param(tls, marks=[LARGE, NEEDS_PSK]), *(pytest.param(one, marks=LARGE) for one in (tcp, can, rs485))],
    ids=lambda one: one.__name__,
)
def test_our_own_terminal_passes_as_a_process(kit, school, tmp_path, wire):
    wire = wire(tmp_path)
    raw = {**kit.terminal_json, "name": "t1", "ring_slots": 1024, "campus_key": PUBLIC.hex(), **wire.changed}
    psam = new_psam_image(kit.psam_id, {1: PsamMaster(school.purchase)})
    _made(tmp_path, raw, psam, [school.memory(n, 100_000).image for n in range(1, 41)])
    code, said = asyncio.run(_on_the_bench(tmp_path, wire))
    assert code == 0, said
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    skipped = {row["check"] for row in report["checks"] if row["verdict"] == "skipped"}
    assert skipped == {"power.kept", "code.once", *ONLINE}, said
    assert report["passed"] == len(CHECKS) + len(LAWS) - len(skipped)
    assert said.rstrip().splitlines()[-1].startswith("conforms: ")
    assert raw["key"] not in said + json.dumps(report)
