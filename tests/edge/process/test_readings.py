"""Readings on up/bulk: what a box says of itself, how much of it, and that it is dropped first, and counted."""

import time
from pathlib import Path

import pytest

from edge.link.port import BusReport
from edge.process.machine import Machine, hottest
from edge.process.mqtt import Arrived, BrokerSetting, Connected, MqttLine
from edge.process.readings import READINGS_S, ReadingsOut, Seen
from shared.wire import topics
from shared.wire.box_state import READINGS_BYTES_MAX, Reading, decode_readings
from tests.edge.campus_rig import EdgeProcess, until
from tests.edge.process.test_agent import Campus
from tests.edge.process.test_mqtt import BlackHole
from tests.edge.rig import BOX, PARTITION
from tests.patience import PATIENCE_S

SEEN = Seen(3, 1500, 5, 4, 20, 1, (10, 90))


class Line:
    """A link with counters; a bus where it has a report."""

    def __init__(self, **counters: int) -> None:
        self.kept = counters

    def counters(self):
        return self.kept


class Bus(Line):
    report = BusReport()

    def bus(self):
        return self.report


def said(out: ReadingsOut, seen: Seen = SEEN, mono_s: float = 0.0) -> dict[tuple[str, str], int]:
    message = decode_readings(out.message(iter(()), seen, mono_s, 1))
    return {(Reading(row.kind).name, row.part): row.value for row in message.rows}


def test_box_and_links_say_what_they_know() -> None:
    bus = Bus(overflow=2)
    out = ReadingsOut({"can0": bus, "tcp": Line(errors=7)}, {"can0": 125_000, "tcp": 0})
    out.acks_ms.extend((1, 2, 9))
    first = said(out)
    assert first["OUTBOX_ROWS", ""], first["OUTBOX_OLDEST_MS", ""] == (3, 1500)
    assert (first["TERMINALS", ""], first["TERMINALS_JOINED", ""]) == (5, 4)
    assert (first["ACK_P50_MS", ""], first["ACK_P99_MS", ""], first["POSTED_P99_MS", ""]) == (2, 9, 90)
    assert (first["BUS_ERRORS", "tcp"], first["BUS_OVERFLOW", "can0"]) == (7, 2)
    assert ("BUS_LOAD_PERMILLE", "can0") not in first, "nothing is known yet, and so nothing is said"
    bus.report = BusReport(tec_sum=8, offs=1, tec=96, rec=5, bits=62_500)
    second = said(out, mono_s=5.0)
    assert [second[name, "can0"] for name in ("BUS_TEC", "BUS_REC", "BUS_ERRORS", "BUS_OFFS")] == [96, 5, 9, 1]
    assert second["BUS_LOAD_PERMILLE", "can0"] == 100
    assert not any(name.startswith(("ACK", "POSTED")) for name, _ in second), "nothing was sold since"


def test_what_is_dropped_is_counted_and_the_next_one_says_so() -> None:
    out = ReadingsOut({}, {})
    out.drop()
    out.drop()
    message = decode_readings(out.message(iter(()), SEEN, 0.0, 1))
    assert (message.number, message.dropped) == (3, 2)


def test_a_box_of_the_largest_kind_stays_small() -> None:
    links = {f"can{n}": Bus() for n in range(40)}
    out = ReadingsOut(links, dict.fromkeys(links, 125_000))
    for at_s in (0.0, 5.0):
        raw = out.message(machine_rows(), SEEN, at_s, 1)
    assert len(raw) < READINGS_BYTES_MAX
    assert len(ReadingsOut({"can0": Bus(), "tcp": Line()}, {}).message(machine_rows(), SEEN, 0.0, 1)) < 400


def machine_rows():
    return Machine(Path("/")).look()


def test_the_machine_says_what_it_knows(tmp_path) -> None:
    machine = Machine(tmp_path)
    assert Reading.CPU_PERMILLE not in {row.kind for row in machine.look()}, "a load is of a time"
    end = time.monotonic() + PATIENCE_S
    while Reading.CPU_PERMILLE not in (found := {row.kind: row.value for row in machine.look()}):
        assert time.monotonic() < end
    assert all(0 <= found[kind] <= 1000 for kind in (Reading.CPU_PERMILLE, Reading.MEMORY_FREE_PERMILLE))
    assert 0 < found[Reading.DISK_FREE_PERMILLE] <= 1000
    assert hottest(tmp_path) is None
    for n, text in enumerate(("41000", "67500", "broken")):
        (tmp_path / f"thermal_zone{n}").mkdir()
        (tmp_path / f"thermal_zone{n}" / "temp").write_text(text)
    assert hottest(tmp_path) == 67_500


class Ear:
    """Hears one box's bulk at a real broker."""

    def __init__(self, port: int) -> None:
        self.heard: list[bytes] = []
        self.is_up = False
        bulk = topics.topic(PARTITION, BOX, topics.UP_BULK)
        setting = BrokerSetting("127.0.0.1", port, "ear", ((bulk, 0),), "oykt/ear", b"")
        self.line = MqttLine(setting, self._hear, self._fail, lambda: 0.0)
        self.line.start()
        until(lambda: self.is_up, "the ear hears")

    def _hear(self, events) -> None:
        for event in events:
            self.is_up |= isinstance(event, Connected)
            if isinstance(event, Arrived):
                self.heard.append(event.payload)

    def _fail(self, fault: Exception) -> None:
        raise fault


@pytest.mark.process
def test_a_box_says_them_at_its_pace(tmp_path, broker) -> None:
    ear, edge = Ear(broker.port), EdgeProcess(tmp_path, broker.port)
    try:
        edge.start()
        began = time.monotonic()
        until(lambda: len(ear.heard) >= 2, "two readings")
        assert time.monotonic() - began >= READINGS_S - 1
        first, second = map(decode_readings, ear.heard[:2])
        assert second.number == first.number + 1
        found = {(row.kind, row.part): row.value for row in second.rows}
        assert (found[Reading.TERMINALS, ""], found[Reading.TERMINALS_JOINED, ""]) == (3, 0)
        assert (Reading.CPU_PERMILLE, "") in found
        assert (Reading.BUS_ERRORS, "tcp") in found
        broker.standing.kill()
        until(lambda: not edge.status["connected"], "the loss")
        before = edge.status["readings_dropped"]
        until(lambda: edge.status["readings_dropped"] > before, "dropped, and counted")
        broker.standing.start()
        count = len(ear.heard)
        until(lambda: len(ear.heard) > count, "said again")
        assert decode_readings(ear.heard[-1]).dropped == edge.status["readings_dropped"]
    finally:
        edge.stop()
        ear.line.stop()


@pytest.mark.process
def test_a_line_that_waits_for_its_broker_takes_nothing_that_may_be_lost(broker) -> None:
    hole = BlackHole(broker.port)
    events: list[object] = []
    setting = BrokerSetting("127.0.0.1", hole.port, "box", (("down", 1),), "state", b"")
    line = MqttLine(setting, events.extend, events.append, lambda: 0.0)
    line.start()
    try:
        until(lambda: Connected() in events, "connected")
        assert not line.is_laden
        hole.silent = True
        line.publish("up/money", b"records", 1)
        until(lambda: line.is_laden, "the PUBACK is late")
    finally:
        hole.silent = False
        line.stop()
        hole.server.close()


@pytest.mark.process
def test_what_is_sold_has_latencies(tmp_path, broker) -> None:
    ear, campus = Ear(broker.port), Campus(tmp_path, broker.port)
    try:
        campus.open(1)
        campus.lunch(3)
        campus.terminals.until(campus.drained, "all posted and settled")
        wanted = {Reading.ACK_P99_MS, Reading.POSTED_P50_MS}

        def kinds() -> set[int]:
            return {row.kind for raw in ear.heard for row in decode_readings(raw).rows}

        until(lambda: wanted <= kinds(), "latencies")
    finally:
        campus.close()
        ear.line.stop()


@pytest.mark.process
def test_where_records_wait_for_the_broker_readings_are_dropped_first(tmp_path, broker) -> None:
    hole = BlackHole(broker.port)
    campus = Campus(tmp_path, broker.port, hole.port)
    try:
        campus.open(1)
        before = campus.edge.status["readings_dropped"]
        hole.silent = True
        campus.lunch(3)
        until(lambda: campus.edge.status["readings_dropped"] > before, "dropped")
        first = next(status for status in campus.edge.statuses if status["readings_dropped"] > before)
        assert first["connected"], "not for want of a connection"
        hole.silent = False
        campus.terminals.until(campus.drained, "and every record is posted")
    finally:
        hole.silent = False
        campus.close()
        hole.server.close()
