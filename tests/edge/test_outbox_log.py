"""The log's room is taken beforehand and leaves no trace in the outbox; settles share the syncs of records."""

import shutil
import threading
import time

import pytest

from edge.box.values.effects import Kept, Settle, Settled
from edge.outbox import writer as outbox
from edge.outbox.ballast import Ballast
from edge.outbox.opening import BALLAST, FILE, LOG_BYTES, open_outbox
from edge.outbox.store import OutboxStore, connect
from edge.outbox.writer import OutboxWriter
from edge.settings import OutboxSetting
from shared.ids import LedgerId
from tests.edge.outbox.test_store import put
from tests.patience import PATIENCE_S

LIMITS = OutboxSetting(100_000, 100_000, 0)


def log_bytes(folder):
    return (folder / (FILE + "-wal")).stat().st_size


def keep(store, first, last):
    for seq in range(first, last + 1):
        store.begin()
        store.put([put(seq)])
        store.commit()


def test_log_has_its_room_from_the_start_and_is_overwritten(tmp_path):
    store = open_outbox(tmp_path, LIMITS, b"STORE-00").store
    before = log_bytes(tmp_path)
    assert before >= LOG_BYTES
    keep(store, 1, 200)
    assert log_bytes(tmp_path) == before
    store.close()


def test_filling_of_the_log_is_never_committed(tmp_path):
    store = open_outbox(tmp_path, LIMITS, b"STORE-00").store
    keep(store, 1, 3)
    store.checkpoint()
    assert (tmp_path / FILE).stat().st_size < LOG_BYTES // 8
    assert store._db.execute("SELECT name FROM sqlite_master WHERE name = 'filling'").fetchall() == []
    store.close()


@pytest.mark.parametrize("folded", [False, True])
def test_rows_in_a_reserved_log_outlive_a_kill_and_another_reservation(tmp_path, folded):
    (tmp_path / "a").mkdir()
    store = open_outbox(tmp_path / "a", LIMITS, b"STORE-00").store
    keep(store, 1, 40)
    if folded:
        store.checkpoint()
        keep(store, 41, 50)
    shutil.copytree(tmp_path / "a", tmp_path / "b", ignore=shutil.ignore_patterns("*-shm"))
    again = open_outbox(tmp_path / "b", LIMITS, b"STORE-01").store
    rows, damage = again.rows(0, 100)
    assert [row.row for row in rows] == list(range(1, 51 if folded else 41))
    assert damage is None
    assert again.check() == []
    keep(again, 51, 60)
    store.close()
    again.close()


def test_disk_without_room_for_the_log_keeps_records_all_the_same(tmp_path):
    store = OutboxStore(connect(tmp_path / FILE), LIMITS, b"STORE-00")
    store._db.execute("PRAGMA max_page_count = 40")
    assert not store.reserve_log(LOG_BYTES)
    assert not store._db.in_transaction
    keep(store, 1, 5)
    assert [row.row for row in store.rows(0, 10)[0]] == [1, 2, 3, 4, 5]
    store.close()


class CountingStore(OutboxStore):
    commits = 0

    def commit(self):
        super().commit()
        self.commits += 1


@pytest.fixture
def desk(tmp_path):
    store = CountingStore(connect(tmp_path / FILE), LIMITS, b"STORE-00")
    keep(store, 1, 3)
    outcomes = []
    writer = OutboxWriter(store, Ballast(tmp_path / BALLAST, 0), outcomes.extend, pytest.fail, lambda: 5)
    writer.start()
    yield store, writer, outcomes
    writer.stop()


def settle(row):
    return Settle(((row, row),), (), (), None, LedgerId(b"LEDGER-0"), 1)


def until(condition):
    last_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < last_s
        time.sleep(0.002)


def test_settle_shares_the_commit_of_the_next_record(desk, monkeypatch):
    store, writer, outcomes = desk
    monkeypatch.setattr(outbox, "SETTLE_WAIT_S", PATIENCE_S)
    before = store.commits
    writer.submit([settle(1)])
    time.sleep(0.1)
    assert outcomes == []
    writer.submit([settle(2)])
    writer.submit([put(9)])
    until(lambda: any(isinstance(one, Kept) for one in outcomes))
    assert store.commits == before + 1
    assert [type(one) for one in outcomes] == [Kept, Settled, Settled]


def test_settle_alone_is_durable_after_its_wait(desk, monkeypatch):
    _, writer, outcomes = desk
    monkeypatch.setattr(outbox, "SETTLE_WAIT_S", 0.01)
    writer.submit([settle(1)])
    until(lambda: outcomes)
    assert isinstance(outcomes[0], Settled)


def test_waiting_settle_is_done_at_the_end(tmp_path, desk, monkeypatch):
    _, writer, outcomes = desk
    monkeypatch.setattr(outbox, "SETTLE_WAIT_S", PATIENCE_S)
    writer.submit([settle(1)])
    ending = threading.Thread(target=writer.stop)
    ending.start()
    ending.join(PATIENCE_S / 2)
    assert not ending.is_alive()
    assert isinstance(outcomes[0], Settled)
