"""Our own terminal on the conformance bench: the firmware in virtual time, and the whole process over TCP."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.conform.exam import CHECKS, LAWS, Exam
from edge.conform.report import Verdict, line
from edge.conform.stand import Now
from edge.conform.subject import Subject
from edge.terminal.down import documents
from shared.fleet.document import Offer, decode_head
from shared.keys.document_key import Keyring
from shared.purse.cos.images import PsamMaster, new_psam_image
from shared.slot_file import render_initial

ROOT = Path(__file__).parents[3]
SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
STEP_S = 0.05
LONGEST_S = 1200
BOUND_S = 240.0


class Edge:
    """The bench in the place of the small edge of the rig."""

    def __init__(self, bench, *, is_bus):
        self.bench = bench
        raw = bench.settings
        subject = Subject(raw.device, raw.key, campus=raw.campus, campus_seed=SEED)
        self.exam = Exam(subject, bench.school.rng.randbytes, is_bus=is_bus, tap_s=5.0)

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
            if said.en.startswith("tap"):
                bench.sell(memory, 100)
        if edge.exam.is_over:
            return edge.exam.report
    raise AssertionError("the examination does not end")


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


def _believes(ring, signed):
    return decode_head(signed.raw)


@pytest.mark.parametrize(
    ("owner", "name", "defect", "checks"),
    [
        (Keyring, "opened", _believes, {"document.forged"}),
        (documents, "judge", lambda held, head: Offer.NEWER, {"document.older", "document.fork"}),
        (documents, "digest_of", lambda body: bytes(32), {"document.taken"}),
    ],
    ids=["believes-any-signature", "goes-backwards", "never-hashes"],
)
def test_a_terminal_that_takes_what_it_should_not_fails(kit, school, memory, monkeypatch, owner, name, defect, checks):
    monkeypatch.setattr(owner, name, defect)
    assert failed(examined(kit, school, memory)) == checks


async def _on_the_bench(data, file, report):
    words = ("--terminal", str(file), "--tcp", "0", "--tap-wait", "3", "--json", str(report))
    bench = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge.conform", "terminal", *words, "--lang", "en", stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )  # fmt: skip
    port = (await bench.stdout.readline()).decode().split()[1]
    run = ("run", "--data", str(data), "--name", "t1", "--tcp", f"127.0.0.1:{port}", "--customers", "--rate", "2")
    terminal = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge.terminal", *run, "--end-with-stdin", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(bench.communicate(), BOUND_S)
    finally:
        terminal.stdin.close()
        await terminal.wait()
        if bench.returncode is None:
            bench.kill()
            await bench.wait()
    return bench.returncode, said.decode()


@pytest.mark.process
def test_our_own_terminal_passes_as_a_process_over_tcp(kit, school, tmp_path):
    folder = tmp_path / "terminals" / "t1"
    folder.mkdir(parents=True)
    (tmp_path / "cards").mkdir()
    raw = {**kit.terminal_json, "name": "t1", "ring_slots": 1024, "campus_key": PUBLIC.hex()}
    (folder / "terminal.json").write_text(json.dumps(raw), encoding="utf-8")
    psam = new_psam_image(kit.psam_id, {1: PsamMaster(school.purchase)})
    (folder / "psam.bin").write_bytes(render_initial(psam))
    index = {}
    for n in range(1, 41):
        (tmp_path / "cards" / f"{n:05d}.card").write_bytes(render_initial(school.memory(n, 100_000).image))
        index[f"{n:04d}"] = {"file": f"{n:05d}.card", "card": (b"\x53\x03" + n.to_bytes(8, "big")).hex()}
    (tmp_path / "cards" / "index.json").write_text(json.dumps(index), encoding="utf-8")
    subject = {"device": raw["device"], "key": raw["key"], "campus": raw["campus"], "campus_seed": SEED.hex()}
    (tmp_path / "subject.json").write_text(json.dumps(subject), encoding="utf-8")
    code, said = asyncio.run(_on_the_bench(tmp_path, tmp_path / "subject.json", tmp_path / "report.json"))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert code == 0, said
    assert {row["check"] for row in report["checks"] if row["verdict"] == "skipped"} == set(), said
    assert report["passed"] == len(CHECKS) + len(LAWS)
    assert said.rstrip().splitlines()[-1].startswith("conforms: ")
    assert subject["key"] not in said + json.dumps(report)
