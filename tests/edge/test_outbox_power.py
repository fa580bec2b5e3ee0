"""Power cuts under the outbox: a disk that forgets what was committed but not synced, through an apsw VFS.

Every write is remembered until the file is synced; at the cut each unsynced one survives whole, torn at a sector, or
not at all. With synchronous = FULL no kept record is ever lost; with a disk that lies about fsync some are, which
shows that the test can see it.
"""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import apsw
import pytest

from edge.box.values.effects import Kept, Put
from edge.box.values.streams import stream_of
from edge.outbox.store import OutboxStore, StoreRefusal
from edge.settings import OutboxSetting
from shared.records import digest
from tests.edge.rig import device, psam, purchase

SECTOR = 512
LIMITS = OutboxSetting(10_000, 10_000, 0)


def put(seq):
    stored = stream_of(device(1), 1) + psam(1) + purchase(seq)
    return Put(stored, digest(stored), 5, seen=False)


class Node:
    """A file: what a reader sees, what the platter holds, and what is only in the cache, oldest first."""

    def __init__(self, raw=b""):
        self.seen = bytearray(raw)
        self.platter = bytearray(raw)
        self.cache: list[tuple[int, bytes]] = []


class Disk:
    """Files by name."""

    def __init__(self, lies=False):
        self.lies = lies
        self.nodes: dict[str, Node] = {}

    def cut(self, chance):
        """The power is gone: what another machine would find on the platter."""
        after = Disk(self.lies)
        for name, node in self.nodes.items():
            raw = bytearray(node.platter)
            for offset, data in node.cache:
                _survive(raw, offset, data, chance)
            after.nodes[name] = Node(raw)
        return after


def _survive(raw, offset, data, chance):
    """An unsynced write survives, or is torn at a sector, or is gone; no data means a truncation."""
    fate = chance.random()
    if not data and fate < 0.5:
        del raw[offset:]
    elif data and fate < 0.4:
        _splice(raw, data, offset)
    elif data and fate < 0.6:
        _splice(raw, data[: chance.randrange(0, len(data) + 1, SECTOR)], offset)


class DiskFile:
    """One open file of the VFS; shared memory and locks are of no interest with one exclusive connection."""

    def __init__(self, disk, node):
        self.disk, self.node = disk, node

    def excepthook(self, *_):
        return None

    def xRead(self, amount, offset):  # noqa: N802  # SQLite's own names
        return bytes(self.node.seen[offset : offset + amount])

    def xWrite(self, data, offset):  # noqa: N802
        _splice(self.node.seen, data, offset)
        self.node.cache.append((offset, bytes(data)))

    def xTruncate(self, size):  # noqa: N802
        del self.node.seen[size:]
        self.node.cache.append((size, b""))

    def xSync(self, _flags):  # noqa: N802
        if not self.disk.lies:
            self.node.platter = bytearray(self.node.seen)
            self.node.cache.clear()

    def xFileSize(self):  # noqa: N802
        return len(self.node.seen)

    def xClose(self):  # noqa: N802
        return None

    def xLock(self, _level):  # noqa: N802
        return None

    def xUnlock(self, _level):  # noqa: N802
        return None

    def xCheckReservedLock(self):  # noqa: N802
        return False

    def xFileControl(self, _op, _pointer):  # noqa: N802
        return False

    def xSectorSize(self):  # noqa: N802
        return SECTOR

    def xDeviceCharacteristics(self):  # noqa: N802
        return 0


class DiskVfs(apsw.VFS):
    """A file system on that disk."""

    def __init__(self, name, disk):
        self.name, self.disk = name, disk
        super().__init__(name, "")

    def xOpen(self, name, flags):  # noqa: N802
        plain = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        return DiskFile(self.disk, self.disk.nodes.setdefault(plain, Node()))

    def xAccess(self, name, _flags):  # noqa: N802
        return name in self.disk.nodes

    def xDelete(self, name, _sync):  # noqa: N802
        self.disk.nodes.pop(name, None)

    def xFullPathname(self, name):  # noqa: N802
        return name


def _splice(raw, data, offset):
    if len(raw) < offset:
        raw.extend(bytes(offset - len(raw)))
    raw[offset : offset + len(data)] = data


class Apsw:
    """An apsw connection that speaks as sqlite3's does."""

    def __init__(self, vfs):
        self.raw = apsw.Connection("/outbox.db", vfs=vfs)

    def prepare(self, synchronous):
        # one owner, so the index of the log needs no shared memory
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", f"synchronous = {synchronous}"):
            self.execute(f"PRAGMA {pragma}").fetchall()

    def execute(self, sql, values=(), /):
        with translated():
            return Cursor(self.raw.execute(sql, values))

    def executemany(self, sql, values, /):
        with translated():
            self.raw.executemany(sql, values)

    def close(self):
        self.raw.close(True)


class Cursor:
    """fetchone, fetchall and iteration with translated errors."""

    def __init__(self, raw):
        self.raw = raw

    def fetchone(self):
        with translated():
            return self.raw.fetchone()

    def fetchall(self):
        with translated():
            return self.raw.fetchall()

    def __iter__(self):
        return iter(self.fetchall())


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as fault:
        raise sqlite3.OperationalError(str(fault).replace("SQLError: ", "")) from fault


def lunch(seed, lies=False, synchronous="FULL"):
    """Groups of records, then a cut; which kept records are not there afterwards, and is the outbox sound?"""
    chance = random.Random(seed)
    disk = Disk(lies)
    with store_on(disk, synchronous) as store:
        kept = sell(store, chance)
        after = disk.cut(chance)  # what the old process does from now on happens to another disk
    try:
        with store_on(after) as store:
            rows = {row.row: row.stored for row in store.rows(0, 1000)[0]}
            sound = store.check() == []
    except (StoreRefusal, sqlite3.Error):
        rows, sound = {}, False
    return [one.row for one in kept if rows.get(one.row) != one.put.stored], sound


def sell(store, chance):
    """What was reported kept."""
    kept: list[Kept] = []
    seq = 0
    for _ in range(chance.randrange(1, 12)):
        group = [put(seq + n + 1) for n in range(chance.randrange(1, 9))]
        seq += len(group)
        store.begin()
        outcomes = store.put(group)
        if chance.random() < 0.15:
            break  # the cut comes before the commit
        store.commit()
        kept += outcomes
        if chance.random() < 0.2:
            store.checkpoint()
    return kept


@contextmanager
def store_on(disk, synchronous="FULL"):
    """An outbox on a disk."""
    vfs = DiskVfs(f"disk-{id(disk)}", disk)
    connection = Apsw(vfs.name)
    try:
        connection.prepare(synchronous)
        yield OutboxStore(connection, LIMITS, b"STORE-00")
    finally:
        connection.close()
        vfs.unregister()


@pytest.mark.parametrize("block", range(4))
def test_full_never_loses_a_kept_record(block):
    for seed in range(block * 30, block * 30 + 30):
        assert lunch(seed) == ([], True), seed


def test_normal_would_lose_some():
    assert sum(lunch(seed, synchronous="NORMAL") != ([], True) for seed in range(20)) >= 10


def test_disk_that_lies_about_fsync_is_seen():
    assert sum(lunch(seed, lies=True) != ([], True) for seed in range(20)) >= 15
