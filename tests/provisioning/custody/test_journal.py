"""Durable journals: every answered row is there again, a torn tail is not, damage is named, one writer at a time."""

import fcntl
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.custody import journal as journal_module
from provisioning.custody.journal import JournalBusy, open_journal, read_journal, write_private
from provisioning.custody.lines import LINE_MAX, decode, encode
from shared.errors import StoreFault
from tests.patience import PATIENCE_S

ROWS = [{"row": "a", "n": 1}, {"row": "b", "名": "张三"}, {"row": "c", "spans": [[1, 2], [5, 5]]}]


def test_frozen_line():
    assert encode({"row": "done", "line": 7}) == b'dc949725 {"row":"done","line":7}\n'


def test_rows_come_again(tmp_path):
    path = tmp_path / "j"
    with open_journal(path) as journal:
        journal.append(*ROWS[:2])
        journal.append(ROWS[2])
        assert journal.rows == ROWS
    assert read_journal(path) == ROWS
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_journal(tmp_path / "none") == []


@given(st.integers(0, 200))
def test_a_torn_end_is_not_there_and_the_journal_goes_on(cut):
    raw = b"".join(map(encode, ROWS))
    torn = raw[: max(0, len(raw) - cut)]
    read = decode(torn, "j")
    assert read.rows == ROWS[: len(read.rows)]
    assert decode(torn[: read.size] + encode({"row": "next"}), "j").rows == [*read.rows, {"row": "next"}]


@given(st.data())
def test_damage_is_named(data):
    raw = bytearray(b"".join(map(encode, ROWS)))
    at = data.draw(st.integers(0, len(encode(ROWS[0])) - 2))
    raw[at] ^= data.draw(st.sampled_from((1, 2, 4, 64)))
    with pytest.raises(StoreFault, match="第 1 行损坏"):
        decode(bytes(raw), "j")


def test_torn_tail_on_disk_is_cut_off(tmp_path):
    path = tmp_path / "j"
    path.write_bytes(encode(ROWS[0]) + encode(ROWS[1])[:-4])
    with open_journal(path) as journal:
        journal.append(ROWS[2])
    assert read_journal(path) == [ROWS[0], ROWS[2]]


def test_one_writer_at_a_time(tmp_path):
    with open_journal(tmp_path / "j"), pytest.raises(JournalBusy), open_journal(tmp_path / "j", wait_s=0):
        pass


def test_a_row_that_does_not_fit_changes_nothing(tmp_path):
    with open_journal(tmp_path / "j") as journal:
        journal.append(ROWS[0])
        with pytest.raises(StoreFault):
            journal.append({"row": "x" * LINE_MAX})
    assert read_journal(tmp_path / "j") == [ROWS[0]]


def test_a_refused_write_is_a_store_fault(tmp_path):
    with open_journal(tmp_path / "j") as journal:
        journal.append(ROWS[0])
        full = os.open("/dev/full", os.O_RDWR)
        real = os.dup(journal._fd)
        os.dup2(full, journal._fd)
        with pytest.raises((StoreFault, OSError)):
            journal.append(ROWS[1])
        os.dup2(real, journal._fd)
        os.close(real)
        os.close(full)
        journal.append(ROWS[2])
    assert read_journal(tmp_path / "j") == [ROWS[0], ROWS[2]]


def test_writers_of_one_private_file_leave_one_of_theirs_whole(tmp_path):
    """Processes side by side: none fails for a name that another has taken away, none is torn by another."""
    bodies, begin = [bytes((n,)) * (200_000 + n) for n in range(4)], threading.Barrier(4)

    def writes(body):
        begin.wait(PATIENCE_S)
        for _ in range(10):
            write_private(tmp_path / "s", body)
            assert (tmp_path / "s").read_bytes() in bodies

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(writes, body) for body in bodies]:
            done.result()
    assert [p.name for p in tmp_path.iterdir()] == ["s"]


def test_a_private_file_that_another_writes_for_long_is_busy(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "LOCK_S", 0.0)
    with (tmp_path / ".s.new").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(JournalBusy, match="另一个程序正在使用"):
            write_private(tmp_path / "s", b"mine")
    write_private(tmp_path / "s", b"mine")
    assert (tmp_path / "s").read_bytes() == b"mine"


def test_private_file_replaces_whole(tmp_path):
    write_private(tmp_path / "s", b"one")
    write_private(tmp_path / "s", b"two")
    assert (tmp_path / "s").read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["s"]
