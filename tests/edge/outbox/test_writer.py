"""The writer thread: groups under a slow disk, a bounded queue, kill -9 in the middle of a lunch, a full disk."""

import os
import signal
import subprocess
import sys
import threading
import time
from math import ceil
from pathlib import Path

import pytest

from edge.box.values.effects import (
    DocumentKept,
    DocumentNotKept,
    KeepDocument,
    Kept,
    NotRead,
    NotSettled,
    Read,
    Refused,
    Settle,
    Trouble,
)
from edge.outbox import writer as outbox
from edge.outbox.ballast import Ballast, room_rows
from edge.outbox.opening import BALLAST, FILE, open_outbox
from edge.outbox.store import OutboxStore, connect
from edge.outbox.writer import GROUP_MAX, OutboxWriter
from edge.settings import OutboxSetting
from shared.ids import LedgerId
from tests.edge.fleet_rig import Centre
from tests.edge.outbox.test_group import document
from tests.edge.outbox.test_store import put
from tests.patience import PATIENCE_S
from tests.small_disk import mounted

LIMITS = OutboxSetting(100_000, 100_000, 0)
FITS_MAX = 50_000
"""Records that 2 MiB hold at most, and far more."""


def until(condition, what):
    """Poll a condition with a bound."""
    last_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < last_s, what
        time.sleep(0.002)


class SlowStore(OutboxStore):
    """A disk whose fsync takes its time, or waits for a gate."""

    commit_s = 0.0
    gate: threading.Event | None = None
    commits = 0

    def commit(self):
        if self.gate is not None:
            self.gate.wait(PATIENCE_S)
        time.sleep(self.commit_s)
        super().commit()
        self.commits += 1


class Desk:
    """A writer over a real file and what it has delivered."""

    def __init__(self, folder, limits=LIMITS):
        self.outcomes = []
        self.faults = []
        self.store = SlowStore(connect(folder / FILE), limits, b"STORE-00")
        self.ballast = Ballast(folder / BALLAST, limits.ballast_bytes)
        self.writer = OutboxWriter(self.store, self.ballast, self.outcomes.extend, self.faults.append, lambda: 5)
        self.writer.start()

    def kept(self):
        return [one for one in self.outcomes if isinstance(one, Kept)]


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    if desk.store.gate is not None:
        desk.store.gate.set()
    desk.writer.stop()
    assert desk.faults == []


def test_name_of_the_thread(desk):
    assert [thread.name for thread in threading.enumerate()].count("outbox-writer") == 1


def test_slow_fsync_makes_larger_groups_not_more_of_them(desk):
    """All that comes while one fsync lasts is the next group."""
    desk.store.gate = threading.Event()
    desk.writer.submit([put(1)])
    until(lambda: not desk.writer._queue, "the first group is on its way")
    for seq in range(2, 201):
        assert desk.writer.submit([put(seq)]) == []
    desk.store.gate.set()
    until(lambda: len(desk.kept()) == 200, "all kept")
    assert desk.writer.groups == 1 + ceil(199 / GROUP_MAX)
    assert [one.row for one in desk.kept()] == [*range(1, 201)]


def test_outcomes_come_after_the_commit(desk):
    desk.store.gate = threading.Event()
    desk.writer.submit([put(1)])
    time.sleep(0.02)
    assert desk.outcomes == []
    desk.store.gate.set()
    until(lambda: len(desk.kept()) == 1, "kept")
    assert desk.store.commits >= 1


def test_queue_is_bounded(desk, monkeypatch):
    monkeypatch.setattr(outbox, "PUTS_MAX", 5)
    monkeypatch.setattr(outbox, "COMMANDS_MAX", 7)
    desk.store.gate = threading.Event()
    desk.writer.submit([put(1)])
    until(lambda: not desk.writer._queue, "the first group is on its way")
    refused = desk.writer.submit([put(seq) for seq in range(2, 9)])
    assert [(type(one), one.reason) for one in refused] == [(Refused, "queue")] * 2
    settle = Settle(((1, 1),), (), (), None, LedgerId(b"LEDGER-1"), 1)
    read = Read(0, 1, 1)
    assert desk.writer.submit([settle, read]) == []
    assert desk.writer.submit([settle, read]) == [NotSettled(settle, "queue"), NotRead(read)]
    desk.store.gate.set()
    until(lambda: len(desk.kept()) == 6, "the queued ones are kept")


def test_group_is_bounded(desk):
    desk.store.gate = threading.Event()
    desk.writer.submit([put(seq) for seq in range(1, GROUP_MAX + 500)])
    desk.store.gate.set()
    until(lambda: len(desk.kept()) == GROUP_MAX + 499, "all kept")
    assert desk.writer.groups == 2


def test_a_document_is_a_group_of_its_own_and_no_record_waits_for_two(desk):
    desk.store.gate = threading.Event()
    desk.writer.submit([put(1)])
    until(lambda: not desk.writer._queue, "the first group is on its way")
    desk.writer.submit([put(2), document(1), put(3), document(2), document(3), put(4)])
    desk.store.gate.set()
    until(lambda: desk.writer.depth.last_row == 4 and len(desk.outcomes) == 7, "all done")
    assert [type(one) for one in desk.outcomes] == [Kept, Kept, DocumentKept, Kept, DocumentKept, DocumentKept, Kept]
    assert desk.writer.groups == 7


def test_a_document_that_finds_no_place_in_the_queue_is_not_kept(desk, monkeypatch):
    monkeypatch.setattr(outbox, "COMMANDS_MAX", 0)
    assert desk.writer.submit([document(1)]) == [DocumentNotKept(document(1), "queue")]


def test_the_bytes_of_documents_count_for_folding_the_log(desk):
    desk.store.checkpoint = lambda: None
    desk.writer.submit([document(0)])
    until(lambda: desk.outcomes, "kept")
    before = desk.writer._unfolded
    desk.writer.submit([document(80_000)])
    until(lambda: len(desk.outcomes) == 2, "kept")
    assert desk.writer._unfolded - before > 80_000 / 4096


def test_stop_finishes_what_is_queued(tmp_path):
    desk = Desk(tmp_path)
    desk.store.gate = threading.Event()
    desk.writer.submit([put(1)])
    desk.writer.submit([put(2)])
    threading.Timer(0.05, desk.store.gate.set).start()
    desk.writer.stop()
    assert len(desk.kept()) == 2
    assert not desk.writer._thread.is_alive()
    store = OutboxStore(connect(tmp_path / FILE), LIMITS, b"OTHER-00")
    assert store.depth().last_row == 2
    store.close()


def test_defect_is_told_not_swallowed(tmp_path):
    desk = Desk(tmp_path)
    desk.store.rows = lambda after, limit: 1 / 0
    desk.writer.submit([Read(0, 1, 1)])
    until(lambda: desk.faults, "told")
    assert isinstance(desk.faults[0], ZeroDivisionError)
    desk.writer.stop()
    desk.store.close()


def test_idle_moments_fold_the_log_and_drop_old_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "IDLE_S", 0.01)
    monkeypatch.setattr(outbox, "LOOK_S", 0.0)
    monkeypatch.setattr(outbox, "FOLD_UNITS", 1)
    desk = Desk(tmp_path, OutboxSetting(100_000, 10, 0))
    desk.writer.submit([put(seq) for seq in range(1, 101)])
    desk.writer.submit([Settle(((1, 100),), (), (), None, LedgerId(b"LEDGER-1"), 1)])
    until(lambda: desk.writer.depth.last_row == 100 and desk.writer.depth.kept <= 10, "ring within its budget")
    assert "outbox-kept" in {one.told.code for one in desk.outcomes if isinstance(one, Trouble)}
    until(lambda: (tmp_path / FILE).stat().st_size > 8192, "the log is in the file")
    desk.writer.stop()


# ---- kill -9

LUNCH = """
import sys, threading
from pathlib import Path
from edge.outbox.ballast import Ballast
from edge.box.values.effects import Kept
from edge.outbox.writer import OutboxWriter
from edge.outbox.opening import FILE
from edge.outbox.store import OutboxStore, connect
from edge.settings import OutboxSetting
from tests.edge.outbox.test_store import put
folder = Path(sys.argv[1])
store = OutboxStore(connect(folder / FILE), OutboxSetting(100_000, 100_000, 0), b"STORE-00")
done = threading.Semaphore(0)
def deliver(outcomes):
    kept = [one.put.stored[18:22].hex() + ":" + str(one.row) for one in outcomes if isinstance(one, Kept)]
    sys.stdout.write("\\n".join(kept) + "\\n"); sys.stdout.flush()
    for _ in kept: done.release()
writer = OutboxWriter(store, Ballast(folder / "ballast.bin", 0), deliver, lambda fault: None, lambda: 5)
writer.start()
seq = store.depth().last_row
while True:
    for _ in range(7):
        seq += 1
        writer.submit([put(seq)])
    for _ in range(7): done.acquire()
"""


def test_killed_while_putting_holds_all_that_was_acked(tmp_path):
    """kill -9 five times over one file: what was reported kept is there, rows are contiguous, nothing is damaged."""
    acked = {}
    for round_number in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", LUNCH, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        lines = []
        while len(lines) < 60 + 37 * round_number:
            lines.append(child.stdout.readline().decode())
            assert lines[-1], "it ended by itself"
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().decode().splitlines(keepends=True)
        child.stdout.close()
        child.wait()
        for line in lines + rest:
            if line.endswith("\n") and ":" in line:
                seq, row = line.split(":")
                acked[int(row)] = int(seq, 16)
    store = OutboxStore(connect(tmp_path / FILE), LIMITS, b"OTHER-00")
    held = {row.row: int.from_bytes(row.stored[18:22], "big") for row in store.rows(0, 100_000)[0]}
    assert store.store == b"STORE-00"
    assert store.check() == []
    assert len(acked) >= 5 * 60
    assert acked.items() <= held.items()
    assert sorted(held) == [*range(1, len(held) + 1)]
    store.close()


CHANGES = """
import sys
from pathlib import Path
from edge.outbox.ballast import Ballast
from edge.outbox.opening import FILE
from edge.outbox.store import OutboxStore, connect
from edge.outbox.writer import OutboxWriter
from edge.settings import OutboxSetting
from tests.edge.outbox.test_writer import generation
folder = Path(sys.argv[1])
store = OutboxStore(connect(folder / FILE), OutboxSetting(100_000, 100_000, 0), b"STORE-00")
number = max([one.head.generation for one in store.snapshot().documents], default=0)
def deliver(outcomes):
    for one in outcomes: sys.stdout.write(f"{one.kept.head.generation}\\n")
    sys.stdout.flush()
writer = OutboxWriter(store, Ballast(folder / "ballast.bin", 0), deliver, lambda fault: None, lambda: 5)
writer.start()
while True:
    number += 1
    while len(writer._queue) > 2: pass
    writer.submit([generation(number)])
"""


def generation(number):
    """Of a list of 33 pages, of which each one changes a byte."""
    centre = Centre()
    body = bytearray(33 * 1024)
    body[number % len(body)] = number & 0xFF
    made = centre.make(bytes(body), generation=number)
    return KeepDocument(made.signed, centre.key(made.head.kind), made.body)


def test_killed_while_keeping_documents_holds_the_newest_that_was_kept_or_a_later_one_whole(tmp_path):
    """kill -9 five times over one file: never an older one, never half of one."""
    for round_number in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", CHANGES, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        lines = [child.stdout.readline().decode() for _ in range(5 + 7 * round_number)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.read().decode().splitlines(keepends=True)
        child.stdout.close()
        child.wait()
        said = int([line for line in lines if line.endswith("\n")][-1])
        store = OutboxStore(connect(tmp_path / FILE), LIMITS, b"OTHER-00")
        [held] = store.snapshot().documents
        assert held.head.generation >= said
        assert held == generation(held.head.generation)
        assert store.check() == []
        store.close()


# ---- a real full disk


@pytest.fixture
def small_disk(tmp_path):
    """2 MiB of tmpfs; needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder, "2m"):
        yield folder


def test_full_disk_refuses_then_settles_then_goes_on(small_disk, monkeypatch):
    monkeypatch.setattr(outbox, "FOLD_UNITS", 8)
    monkeypatch.setattr(outbox, "FOLD_UNITS_MAX", 32)
    monkeypatch.setattr(outbox, "FREE_BYTES_MIN", 64 << 10)
    limits = OutboxSetting(100_000, 100_000, 256 << 10)
    desk = Desk(small_disk, limits)
    assert desk.ballast.hold()
    seq = 0
    while not any(isinstance(one, Refused) for one in desk.outcomes):
        assert seq < FITS_MAX, "more records were kept than fit"
        desk.writer.submit([put(seq + n + 1) for n in range(200)])
        seq += 200
        before = len(desk.outcomes)
        until(lambda now=before: len(desk.outcomes) > now, "an outcome")
    until(lambda: desk.writer._unfolded < 8, "what the ballast is for is done before somebody else takes its room")
    kept = len(desk.kept())
    assert kept > 1000
    assert {one.reason for one in desk.outcomes if isinstance(one, Refused)} <= {"full", "io"}
    (small_disk / "other").write_bytes(b"x" * (os.statvfs(small_disk).f_bavail * 4096))
    desk.writer.submit([put(1, seen=True)])
    until(lambda: desk.outcomes[-1].put.seen, "an old record is still known")
    assert isinstance(desk.outcomes[-1], Kept)
    desk.writer.submit([Settle(((1, kept),), (), (), None, LedgerId(b"LEDGER-1"), 1)])
    until(lambda: desk.writer.depth.unsettled == 0, "settled on a full disk")
    until(lambda: desk.writer.depth.kept < kept, "settled rows make room in the file")
    until(lambda: desk.store.accepting, "and it is used")
    desk.writer.submit([put(900_001)])
    until(lambda: desk.writer.depth.last_row == kept + 1, "selling goes on in the room of dropped rows")
    desk.ballast.release()
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    until(lambda: (small_disk / BALLAST).exists(), "the ballast is made again when there is room")
    desk.writer.stop()
    assert desk.faults == []
    assert "outbox-kept" in {one.told.code for one in desk.outcomes if isinstance(one, Trouble)}


def test_ballast_is_not_made_where_there_is_no_room(small_disk):
    ballast = Ballast(small_disk / BALLAST, 3 << 19)
    assert not ballast.hold()
    assert not ballast.release()
    small = Ballast(small_disk / BALLAST, 64 << 10)
    assert small.hold()
    assert (small_disk / BALLAST).stat().st_size == 64 << 10
    assert small.hold()
    assert small.release()
    assert not small.release()


def test_cap_is_below_the_disk(small_disk):
    opened = open_outbox(small_disk, OutboxSetting(1_000_000, 1_000_000, 0), b"STORE-00")
    assert [trouble.told.code for trouble in opened.troubles] == ["outbox-short"]
    assert opened.store.depth().cap < (2 << 20) / 400
    opened.store.close()
    assert room_rows(small_disk, 400, 1 << 30) == 0


# ---- opening


def test_damaged_file_is_put_aside_and_a_new_store_begins(tmp_path):
    first = open_outbox(tmp_path, LIMITS, b"STORE-01")
    assert first.troubles == ()
    first.store.close()
    (tmp_path / FILE).write_bytes(b"ruined" * 2000)
    second = open_outbox(tmp_path, LIMITS, b"STORE-02")
    assert second.snapshot.store == b"STORE-02"
    assert [trouble.told.code for trouble in second.troubles] == ["outbox-replaced"]
    second.store.close()
    (tmp_path / FILE).write_bytes(b"ruined" * 2000)
    open_outbox(tmp_path, LIMITS, b"STORE-03").store.close()
    assert (tmp_path / f"{FILE}.damaged-1").read_bytes()[:6] == b"ruined"
    assert (tmp_path / f"{FILE}.damaged-2").exists()


def test_status_of_a_ballast_that_was_cut_short(tmp_path):
    (tmp_path / BALLAST).write_bytes(b"short")
    assert Ballast(tmp_path / BALLAST, 4096).hold()
    assert (tmp_path / BALLAST).stat().st_size == 4096
