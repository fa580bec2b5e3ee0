"""The box as a process: lunch over TCP, kill -9, a broker that dies or is a black hole, wrong use, damage named."""

import json
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from edge.link.tcp.link import TcpBounds
from edge.outbox.opening import FILE
from shared.fleet.document import DocumentKind
from shared.wire.fleet_lane import Held, Reported
from shared.wire.messages import DeviceStatus, Hello
from tests.edge.campus_rig import ROOT, Cloud, EdgeProcess, Terminals, edge_json, threads_of, until
from tests.edge.fleet_rig import HOTLIST, Holder
from tests.edge.process.test_mqtt import BlackHole
from tests.edge.rig import BOX, OTHER_KEY, device
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process


BREATH_S = 20.0
"""Less than what nobody prompts: that takes a minute."""


class Campus:
    """Edge process, cloud and terminals over one broker."""

    def __init__(self, data, broker_port, edge_port=None):
        self.edge = EdgeProcess(data, edge_port or broker_port)
        self.cloud = Cloud(broker_port)
        self.edge.start()
        self.terminals = Terminals(lambda: self.edge.port if self.edge.process.poll() is None else 1)

    def open(self, *numbers):
        for number in numbers:
            self.terminals.add(number)
        self.terminals.until(lambda: all(b.current for b in self.terminals.bodies.values()), "all have an epoch")

    def lunch(self, times):
        for _ in range(times):
            for number in self.terminals.bodies:
                self.terminals.sell(number)
            self.terminals.pump(0.001)

    def sold(self):
        return {
            body.device + epoch.to_bytes(2, "big") + body.psams[epoch] + wire
            for body in self.terminals.bodies.values()
            for (epoch, _), wire in body.written.items()
        }

    def drained(self):
        return set(self.cloud.ledger.stored) == self.sold() and not any(
            ring for body in self.terminals.bodies.values() for ring in body.rings.values()
        )

    def close(self):
        self.terminals.close()
        code = self.edge.stop() if self.edge.process.poll() is None else 0
        self.cloud.stop()
        assert code == 0


@pytest.fixture
def campus(tmp_path, broker):
    campus = Campus(tmp_path, broker.port)
    yield campus
    campus.close()


def test_lunch_and_an_end_in_order(campus):
    campus.open(1, 2, 3)
    campus.lunch(20)
    campus.terminals.until(campus.drained, "all posted and settled")
    until(lambda: campus.edge.status["accepted"] == 60 and campus.edge.status["unsettled"] == 0, "STATUS follows")
    status = campus.edge.status
    assert (status["settled"], status["refused"], status["joined"], status["connected"]) == (60, 0, 3, True)
    assert set(status["latency_ms"]) == {"p50", "p99"}
    assert 0 < status["rss_kib"] <= 64 * 1024
    assert threads_of(campus.edge.process.pid) == 4, "one loop, outbox-writer, mqtt, watchdog"
    until(lambda: campus.cloud.states and campus.cloud.states[-1].accepted == 60, "state")
    state = campus.cloud.states[-1]
    assert (state.box, state.online, state.unsettled) == (BOX, True, 0)
    assert [(t.state, t.last_seq, t.settled) for t in state.terminals] == [("joined", 20, 20)] * 3
    assert len(campus.cloud.said(DeviceStatus)) >= 3
    assert campus.cloud.facts() == ["box-started"]
    assert campus.edge.stop() == 0
    assert campus.edge.errors == ""
    until(lambda: not campus.cloud.states[-1].online, "the last word")
    assert campus.edge.said[-1].startswith("STATUS ")
    assert "READY edge plain:tcp" in campus.edge.said
    assert (status["plain"], state.plain) == (["tcp"], ("tcp",))


def test_silent_calls_fill_no_port(campus):
    """More than it takes, of many addresses: a terminal that has joined stays, and another one gets in."""
    campus.open(1)
    with ExitStack() as stack:
        for n in range(TcpBounds().connections_max + 50):
            address = f"127.0.0.{2 + n % 50}", 0
            stack.enter_context(socket.create_connection(("127.0.0.1", campus.edge.port), 5, address))
        campus.open(2)
        campus.lunch(5)
        campus.terminals.until(campus.drained, "all posted and settled")
    assert campus.edge.status["joined"] == 2


def test_end_of_stdin_is_an_end_in_order(campus):
    assert campus.edge.stop(by_stdin=True) == 0


def test_killed_again_and_again_loses_and_doubles_nothing(campus):
    campus.open(1, 2, 3)
    for _ in range(3):
        campus.lunch(15)
        campus.edge.kill()
        campus.lunch(5)
        campus.edge.start()
    campus.terminals.until(campus.drained, "all posted and settled")
    hellos = campus.cloud.said(Hello)
    assert hellos[0].ack is None
    assert hellos[-1].ack is not None
    assert "record-fork" not in campus.cloud.facts()


def test_outbox_destroyed_after_ack(campus):
    campus.open(1, 2)
    campus.cloud.answering = False
    campus.lunch(10)
    campus.terminals.until(
        lambda: all(body.acked.get(body.current) == 10 for body in campus.terminals.bodies.values()), "all acked"
    )
    campus.edge.kill()
    for file in campus.edge.folder.glob(FILE + "*"):
        file.unlink()
    campus.cloud.ledger.stored.clear()
    campus.cloud.answering = True
    campus.edge.start()
    campus.terminals.until(campus.drained, "the terminals have sent all again")


def test_broker_killed_and_its_data_thrown_away(campus, broker):
    campus.open(1, 2)
    campus.lunch(5)
    broker.standing.kill()
    campus.lunch(20)
    campus.terminals.until(
        lambda: all(body.acked.get(body.current) == 25 for body in campus.terminals.bodies.values()), "ACKs go on"
    )
    broker.standing.start()
    campus.terminals.until(campus.drained, "all posted and settled")


def sell_and_be_acked(campus, times):
    """One at a time, each after the ACK of the one before."""
    body = campus.terminals.bodies[1]
    for _ in range(times):
        campus.terminals.sell(1)
        seq = body.last[body.current]
        campus.terminals.until(lambda seq=seq: body.acked.get(body.current, 0) >= seq, "an ACK")


def test_black_holed_broker_changes_nothing_for_terminals(tmp_path, broker):
    """How long an ACK takes then, beside before, is a figure of the machine: `./ykt bench hole`."""
    wire = BlackHole(onward=broker.port)
    campus = Campus(tmp_path, broker.port, edge_port=wire.port)
    try:
        campus.open(1)
        until(lambda: campus.edge.status["connected"], "connected")
        sell_and_be_acked(campus, 30)
        wire.silent = True
        campus.cloud.answering = False
        sell_and_be_acked(campus, 60)
        until(lambda: not campus.edge.status["connected"], "the silence is noticed")
        sell_and_be_acked(campus, 30)
        assert not campus.edge.status["connected"]
        assert not campus.drained(), "the hole is none"
        wire.silent = False
        campus.cloud.answering = True
        campus.terminals.until(campus.drained, "all posted and settled")
    finally:
        campus.close()
        wire.close()


# ---- wrong use


def edge(*words, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "edge", *words], cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def run(data, *words):
    return edge("run", "--data", str(data), "--box", BOX, "--broker", "127.0.0.1:9", *words)


def write(data, **changes):
    folder = data / "boxes" / BOX
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "edge.json").write_text(json.dumps(edge_json(**changes)), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("changes", "words", "named"),
    [
        ({"unsetled_max": 5}, ["--tcp-port", "0"], "unsetled_max"),
        ({"outbox": {"cap": 1}}, ["--tcp-port", "0"], "outbox.cap"),
        ({}, [], "--tcp-port"),
        ({}, ["--tcp-port", "0", "--can", "can0=simbus:x"], "can0"),
        ({}, ["--tcp-port", "0", "--can", "can0"], "--can"),
        ({}, ["--tcp-port", "0", "--rs485", "x"], "--rs485"),
        ({}, ["--tcp-port", "0", "--tls"], "tls"),
        ({}, ["--tcp-port", "0", "--clock", "noon"], "--clock"),
        ({"links": [{"name": "can0", "kind": "can", "bitrate": 125000}, {"name": "tcp", "kind": "tcp"}]},
         ["--tcp-port", "0"], "--can can0=INTERFACE:CHANNEL"),
    ],
)  # fmt: skip
def test_wrong_use_is_named_and_stops_the_start(tmp_path, changes, words, named):
    folder = write(tmp_path, **changes)
    ended = run(tmp_path, *words)
    assert ended.returncode == 2
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (folder / FILE).exists()


def test_a_can_interface_that_nobody_knows_is_wrong_use(tmp_path):
    links = [{"name": "can0", "kind": "can", "bitrate": 125000}, {"name": "tcp", "kind": "tcp"}]
    write(tmp_path, links=links)
    ended = run(tmp_path, "--tcp-port", "0", "--can", "can0=nonsense:can0")
    assert ended.returncode == 2, ended.stderr
    assert "nonsense" in ended.stderr


def test_box_that_is_not_there(tmp_path):
    assert run(tmp_path, "--tcp-port", "0").returncode == 2
    assert "没有数据网关" in edge("verify", "--data", str(tmp_path)).stderr
    nothing = edge("verify", "--data", str(tmp_path), "--lang", "en")
    assert (nothing.returncode, nothing.stderr) == (2, f"configuration: --data {tmp_path}: no edge boxes here\n")
    assert edge("dance").returncode == 2
    assert edge("run", "--data", str(tmp_path), "--box", BOX, "--broker", "nowhere").returncode == 2


def test_a_second_process_on_one_folder_is_wrong_use(campus, tmp_path):
    campus.open(1)
    ended = run(tmp_path, "--tcp-port", "0")
    assert ended.returncode == 2, ended.stderr
    assert "已有网关进程在用" in ended.stderr
    assert "READY" not in ended.stdout
    campus.lunch(2)
    campus.terminals.until(campus.drained, "everything in the ledger")
    campus.edge.kill()
    campus.edge.start()  # the lock died with it


def test_port_that_is_taken_ends_the_box(tmp_path):
    hole = BlackHole()
    write(tmp_path)
    ended = run(tmp_path, "--tcp-port", str(hole.port), "--tcp-host", "127.0.0.1")
    hole.close()
    assert ended.returncode == 1
    assert "READY" not in ended.stdout


# ---- verify


def test_one_byte_edited_in_the_outbox_is_named(campus, tmp_path):
    campus.open(1)
    campus.lunch(10)
    campus.terminals.until(campus.drained, "all settled")
    running = edge("verify", "--data", str(tmp_path), "--json")
    assert running.returncode == 0
    assert json.loads(running.stdout) == {
        "ok": True, "checks": [{"name": f"outbox {BOX}", "ok": True, "count": 10, "first": ""}],
    }  # fmt: skip
    campus.edge.stop()
    path = campus.edge.folder / FILE
    raw = bytearray(path.read_bytes())
    body = campus.terminals.bodies[1]
    raw[raw.index(body.written[(1, 7)]) + 30] ^= 1
    path.write_bytes(raw)
    named = edge("verify", "--data", str(tmp_path), "--box", BOX)
    assert named.returncode == 1
    assert named.stdout.split() == ["✗", "发件箱", BOX, "10", "第", "7", "行：crc"]
    english = edge("verify", "--data", str(tmp_path), "--box", BOX, "--lang", "en")
    assert english.stdout.split() == ["✗", "outbox", BOX, "10", "row", "7:", "crc"]
    for language in ("zh", "en"):
        for_programs = edge("verify", "--data", str(tmp_path), "--json", "--lang", language)
        assert json.loads(for_programs.stdout)["checks"][0]["first"] == "row 7: crc"


def ended_with_ten_unsettled(campus):
    """The terminal that sold them."""
    campus.open(1)
    campus.cloud.answering = False
    campus.lunch(10)
    body = campus.terminals.bodies[1]
    campus.terminals.until(lambda: body.acked.get(1) == 10, "all acked")
    campus.edge.stop()
    return body


def test_damaged_unsettled_row_is_asked_for_again(campus):
    body = ended_with_ten_unsettled(campus)
    path = campus.edge.folder / FILE
    raw = bytearray(path.read_bytes())
    raw[raw.index(body.written[(1, 7)]) + 30] ^= 1
    path.write_bytes(raw)
    campus.cloud.answering = True
    campus.edge.start()
    campus.terminals.until(campus.drained, "the damaged record came again from its terminal")
    assert "outbox-damaged" in campus.cloud.facts()
    assert "record-fork" not in campus.cloud.facts()


def test_ruined_outbox_file_is_put_aside_and_nothing_is_lost(campus):
    ended_with_ten_unsettled(campus)
    (campus.edge.folder / FILE).write_bytes(b"ruined" * 5000)
    campus.cloud.ledger.stored.clear()
    campus.cloud.answering = True
    campus.edge.start()
    campus.terminals.until(campus.drained, "all came again")
    assert "outbox-replaced" in campus.cloud.facts()
    assert (campus.edge.folder / f"{FILE}.damaged-1").exists()


# ---- documents


def listed(campus, generation):
    """A list of 60 pages, other bytes in each generation."""
    return campus.cloud.centre.make(bytes((generation,)) + bytes(range(256)) * 240)


def in_use(campus, number=1):
    found = campus.terminals.bodies[number].holder.in_use.get(HOTLIST)
    return found[0].generation if found else 0


def test_a_document_comes_down_to_its_terminals_and_a_change_within_a_breath(campus):
    campus.open(1, 2)
    for body in campus.terminals.bodies.values():
        body.holder = Holder(OTHER_KEY)
    campus.cloud.offer(campus.cloud.centre.key(DocumentKind.HOTLIST), listed(campus, 1).offer())
    campus.terminals.until(lambda: in_use(campus, 1) == in_use(campus, 2) == 1, "all of it, in pages")
    begun_s = time.monotonic()
    campus.cloud.offer(listed(campus, 2).delta())
    campus.terminals.until(lambda: in_use(campus, 1) == in_use(campus, 2) == 2, "the change")
    assert time.monotonic() - begun_s < BREATH_S
    digest = campus.cloud.centre.newest[HOTLIST].head.digest
    campus.terminals.until(
        lambda: {one.device for one in campus.cloud.said(Reported) if one.digest == digest} == {device(1), device(2)},
        "and both say so",
    )
    until(lambda: campus.edge.status["documents"] == 1, "STATUS follows")
    assert campus.cloud.facts() == ["box-started"]


def test_killed_again_and_again_while_documents_change_it_never_goes_back(campus):
    campus.open(1)
    holder = campus.terminals.bodies[1].holder = Holder(OTHER_KEY)
    campus.cloud.offer(campus.cloud.centre.key(DocumentKind.HOTLIST), listed(campus, 1).offer())
    for generation in range(2, 6):
        campus.terminals.until(lambda: in_use(campus) >= 1, "the first one")
        campus.cloud.offer(listed(campus, generation).delta())
        campus.edge.kill()
        campus.edge.start()
        held = campus.edge.status.get("documents")
        assert held in (None, 1)
    campus.terminals.until(lambda: in_use(campus) == 5, "the newest one")
    assert holder.in_use[HOTLIST][1] == campus.cloud.centre.newest[HOTLIST].body
    generations = [row.generation for said in campus.cloud.said(Held) for row in said.rows]
    assert generations == sorted(generations), "the box never goes back"
    assert {*campus.cloud.facts()} == {"box-started"}
