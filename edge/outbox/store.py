"""The outbox: every accepted record durable before its ACK, until the ledger has named it. The one door to sqlite3.

WAL, synchronous FULL, one transaction per group. Refuses when the unsettled rows reach their cap or the disk is full
(StoreFault: nothing of the transaction was accepted). Row numbers are contiguous and never used twice; a row that
fails its checksum is set aside, never sent, never silently dropped. Not thread-safe: one owner.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from edge.box.values.effects import (
    Depth,
    KeepAddress,
    KeepBackupMark,
    KeepDocument,
    KeepEpoch,
    Kept,
    Put,
    Refused,
    Row,
    Settle,
    Snapshot,
    Trouble,
    Unsettle,
)
from edge.box.values.ranges import Ranges
from edge.box.values.streams import STREAM_SIZE, key_of
from edge.outbox import scan as outbox_scan
from edge.outbox import tables
from edge.outbox.crc import is_sound, record_crc
from edge.outbox.documents import read_documents, write_document
from edge.outbox.scan import Damage
from edge.settings import OutboxSetting
from shared.errors import RuleBroken, StoreFault
from shared.facts.boxes import OutboxKept, OutboxRowDamaged
from shared.ids import StoreId, ledger_id, store_id
from shared.wire.messages import Range, SignedAck
from shared.words.voice import Text

SCHEMA = 3
LEAST = 3
"""The oldest schema whose releases may go on with an outbox of ours: the release before must be among them, for a box
goes back to it by itself. So a new schema adds, and what it adds is used a release later."""
STORE_ID_SIZE = 8
OTHERS_MAX = 8
"""Records of one seq that are looked at for a fork, so that it costs the same however many there are."""
DAY_MS = 24 * 3600 * 1000
KEEP_MS = 35 * DAY_MS
"""Settled rows are kept at least so long, unless their budget is smaller (RECORDS.md)."""
DROP_MAX = 500
"""Rows dropped in one transaction, so that a put never waits long behind a drop."""
INSERT_ROWS = 64
"""Most rows of one statement, which needs no savepoint to be whole."""
_INSERT = "INSERT INTO record VALUES (?, ?, ?, ?, ?)"
_INSERTS = tuple(_INSERT + ", (?, ?, ?, ?, ?)" * more for more in range(INSERT_ROWS))
_SAME_SEQ = "key BETWEEN ? AND ? AND key <> ?"
_CACHE_PAGES = -2000
_SPILLING_PAGES = 16
"""SQLite's own cache of 2,000 KiB, and one so small that what is written goes to the log before any commit."""
_REASONS = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_IOERR: "io",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_IOERR_SHORT_READ: "damaged",
}


class StoreRefusal(StoreFault):
    """Happens when SQLite refuses; reason: full, io, read-only, damaged, other."""

    def __init__(self, reason: str, detail: Text) -> None:
        super().__init__(Text(f"发件箱（{reason}）：{detail.zh}", f"outbox: {reason}: {detail.en}"))
        self.reason = reason


class Dropped(NamedTuple):
    """How many settled rows were dropped, and what must be said about it."""

    rows: int
    trouble: Trouble | None = None


class Connection(Protocol):
    """What is asked of a database connection in autocommit mode."""

    def execute(self, sql: str, values: Any = ..., /) -> Any:  # noqa: ANN401  # DB-API cursors differ
        """Run one statement and give its rows."""
        ...

    def executemany(self, sql: str, values: Iterable[Any], /) -> Any:  # noqa: ANN401  # DB-API cursors differ
        """Run one statement for many rows."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


def connect(path: Path) -> sqlite3.Connection:
    """A connection as the outbox wants it, to be used by one thread only; StoreRefusal when it cannot be opened."""
    with refusals():
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.text_factory = _text
        try:
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"):
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def connect_to_check(path: Path) -> sqlite3.Connection:
    """A connection that only reads, also beside a running box; StoreRefusal when there is no such outbox."""
    with refusals():
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        connection.text_factory = _text
        return connection


class _Refusals:
    """Without state: one for all, a sixth of the time of a generator's context."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, sqlite3.Error):
            code = getattr(fault, "sqlite_errorcode", 0)
            reason = _REASONS.get(code) or _REASONS.get(code & 0xFF, "other")
            raise StoreRefusal(reason, Text(str(fault), str(fault))) from fault


_REFUSALS = _Refusals()


def refusals() -> _Refusals:
    """Turns every error of SQLite into a StoreRefusal."""
    return _REFUSALS


class OutboxStore:
    """Over one connection, which is closed when it holds no outbox. fresh_id: what a new store is called (8 B)."""

    def __init__(self, connection: Connection, limits: OutboxSetting, fresh_id: bytes) -> None:
        self.accepting = True
        """False: fresh records are refused as if the disk were full (its owner has given up the ballast)."""
        self._db = connection
        self._limits = limits
        self._settled = Ranges()
        self._apart = Ranges()
        """Of the settled rows those that were answered without their device. Bound: that of Ranges; a row that would be
        a range too many is simply settled."""
        self._next = 1
        self._kept = 0
        self._found: list[Damage] = []
        try:
            with refusals():
                self._create(fresh_id)
                self._read_numbers()
                self.store: StoreId = self._store_id()
        except StoreRefusal:
            connection.close()
            raise

    # ---- transactions

    def begin(self) -> None:
        """Open a transaction; writes below stand inside it."""
        with refusals():
            self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make it durable: when this returns, it is on the disk."""
        with refusals():
            self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Nothing of the transaction was accepted. Also right when SQLite has rolled back by itself."""
        with refusals():
            try:
                self._db.execute("ROLLBACK")
            except sqlite3.OperationalError as fault:
                if "no transaction" not in str(fault):
                    raise
            self._read_numbers()
        self._found.clear()

    def close(self) -> None:
        """Close the connection."""
        with refusals():
            self._db.close()

    # ---- writes, inside a transaction

    def put(self, puts: Sequence[Put]) -> list[Kept | Refused]:
        """Store these records; an outcome for each, in order."""
        with refusals():
            first = self._next
            if len(puts) <= INSERT_ROWS and not any(put.seen for put in puts):
                try:
                    return self._put_all(puts)  # one statement: all of it or nothing, no savepoint
                except sqlite3.IntegrityError:
                    self._next = first
                    puts = [put._replace(seen=True) for put in puts]
            self._db.execute("SAVEPOINT puts")
            try:
                outcomes = self._put_all(puts)
            except sqlite3.IntegrityError:  # a put that said unseen was there: look at each
                self._db.execute("ROLLBACK TO puts")
                self._read_numbers()  # rows apart that were taken out are there again
                outcomes = self._put_all([put._replace(seen=True) for put in puts])
            self._db.execute("RELEASE puts")
            return outcomes

    def settle(self, settle: Settle) -> None:
        """Mark exactly these rows; keep the marks, the ack and the floor that go with them."""
        with refusals():
            before = self._settled.pieces()
            for low, high in settle.rows:
                if not 1 <= low <= high < self._next:
                    raise RuleBroken(f"settle of rows {low}..{high}, the last is {self._next - 1}")
                self._kept += high - low + 1 - self._settled_in(low, high)
                self._settled.add(low, high)
            tables.write_settled(self._db, before, self._settled.pieces())
            self._set_apart(settle.apart)
            tables.write_marks(self._db, settle.marks)
            ack = {"ack": settle.ack.signature + settle.ack.body} if settle.ack is not None else {}
            tables.write_ledger(self._db, settle.ledger, settle.floor, **ack)

    def unsettle(self, unsettle: Unsettle) -> int:
        """Forget that rows above were settled. Returns how many of them are not kept any more."""
        with refusals():
            before = self._settled.pieces()
            above, there = unsettle.above, 0
            for low, high in outbox_scan.runs(self._db, above):
                self._kept -= self._settled_in(low, high)
                self._settled.remove(low, high)
                there += high - low + 1
            tables.write_settled(self._db, before, self._settled.pieces())
            self._no_longer_apart(above + 1, self._next)
            lowest = outbox_scan.lowest_seqs(self._db, above)
            down = [(stream, seq - 1) for stream, seq in lowest if tables.read_mark(self._db, stream) >= seq]
            tables.write_marks(self._db, down)
            covered = min(self._backed_up(), above)
            tables.write_ledger(self._db, unsettle.ledger, unsettle.floor, backup=covered.to_bytes(8, "big"))
            return max(0, self._next - 1 - above - there)

    def keep_epoch(self, kept: KeepEpoch) -> None:
        """Remember an epoch."""
        with refusals():
            tables.write_epoch(self._db, kept.device + kept.storage + kept.psam, kept.epoch)

    def keep_address(self, kept: KeepAddress) -> None:
        """Remember an address on a bus."""
        with refusals():
            tables.write_address(self._db, kept)

    def keep_document(self, wanted: KeepDocument) -> None:
        """Hold this document in the place of the one of its kind and scope."""
        with refusals():
            write_document(self._db, wanted)

    def keep_backup_mark(self, mark: KeepBackupMark) -> None:
        """Rows up to here, and no others, are covered by a signed backup mark of the cloud."""
        with refusals():
            if mark.row != self._backed_up():
                tables.write_about(self._db, backup=mark.row.to_bytes(8, "big"))

    def drop_settled(self, unix_ms: int, *, pressed: bool = False) -> Dropped:
        """Drop the oldest settled rows that are due, at most DROP_MAX; a Trouble when their budget forces it early.

        pressed: the disk is full, their budget is nothing.
        """
        with refusals():
            row, at_ms = tables.oldest_of(self._db, self._settled.pieces())
            age_ms = unix_ms - at_ms
            over = self._kept > (0 if pressed else self._limits.settled_max)
            if not row or not (over or (age_ms > KEEP_MS and row <= self._backed_up())):
                return Dropped(0)
            last = min(self._settled.run(row - 1), row + DROP_MAX - 1)
            if not over:
                last = tables.aged_upto(self._db, row, min(last, self._backed_up()), unix_ms - KEEP_MS)
            rows = tables.drop(self._db, row, last)
            self._kept -= rows
            self._no_longer_apart(row, last)
            if age_ms > KEEP_MS:
                return Dropped(rows)
            return Dropped(rows, Trouble(OutboxKept(age_ms // DAY_MS)))

    def set_aside(self, damage: Damage) -> None:
        """Move a damaged row, or note a missing one; it counts as settled here, and its terminal sends it again."""
        with refusals():
            self._found.append(damage)
            before = self._settled.pieces()
            copy = "INSERT OR REPLACE INTO damaged SELECT row, key, body, at_ms, crc, ? FROM record WHERE row = ?"
            self._db.execute(copy, (damage.reason, damage.row))
            self._db.execute("INSERT OR IGNORE INTO damaged (row, reason) VALUES (?, ?)", (damage.row, damage.reason))
            self._db.execute("DELETE FROM record WHERE row = ?", (damage.row,))
            self._settled.add(damage.row)
            tables.write_settled(self._db, before, self._settled.pieces())
            self._read_numbers()

    # ---- reads

    def rows(self, after: int, limit: int) -> tuple[list[Row], Damage | None]:
        """Unsettled rows above `after`, oldest first, up to the first damaged one, which is named."""
        with refusals():
            found: list[Row] = []
            for low, high in self._settled.gaps(after + 1, self._next - 1):
                for row, key, body, at_ms, crc in self._select(low, high, limit - len(found)):
                    if not is_sound(row, key, body, at_ms, crc):
                        return found, Damage(row, "crc")
                    found.append(Row(row, at_ms, key[:STREAM_SIZE] + body))
                if len(found) >= limit:
                    break
            return found, None

    @property
    def first_unsettled(self) -> int:
        """The lowest row that is not settled; one above the last when all are."""
        return self._settled.run(0) + 1

    def take_troubles(self) -> list[Trouble]:
        """Damage that was set aside since the last time, in words."""
        found, self._found = self._found, []
        return [_trouble(damage) for damage in found]

    def depth(self) -> Depth:
        """How full it is."""
        with refusals():
            first, last = self.first_unsettled, self._next - 1
            oldest = self._db.execute("SELECT at_ms FROM record WHERE row = ?", (first,)).fetchone()
            return Depth(last, first, self._unsettled(), self._kept, self._limits.unsettled_max, (oldest or (0,))[0])

    def newest_ms(self) -> int:
        """When the newest row came, Unix ms; 0: there is none."""
        row = self._db.execute("SELECT at_ms FROM record ORDER BY row DESC LIMIT 1").fetchone()
        return int(row[0]) if row else 0

    def snapshot(self) -> Snapshot:
        """What the cores start from. Checks every unsettled row and sets damaged ones aside, each with a Trouble."""
        with refusals():
            marks, damaged = outbox_scan.marks(self._db)
            sequences, damages = outbox_scan.sequences(self._db, self._settled, self._apart, self._next - 1, marks)
        self.begin()
        for damage in damages:
            self.set_aside(damage)
        self.commit()
        with refusals():
            epochs, spoiled = outbox_scan.epochs(self._db)
            ack = tables.read_about(self._db, "ack")
            ledger = tables.read_about(self._db, "ledger")
            return Snapshot(
                store=self.store,
                depth=self.depth(),
                ack=SignedAck(ack[64:], ack[:64]) if ack else None,
                ledger=ledger_id(ledger) if ledger else None,
                floor=int.from_bytes(tables.read_about(self._db, "floor"), "big"),
                epochs=epochs,
                sequences=sequences,
                revocations=outbox_scan.revocations(self._db),
                documents=read_documents(self._db),
                addresses=tables.read_addresses(self._db),
                troubles=(*damaged, *self.take_troubles(), *spoiled),
            )

    def check(self) -> list[Damage]:
        """Every damaged or missing row, the first ones first (at most scan.DAMAGES_MAX), at one moment."""
        with refusals():
            self._db.execute("BEGIN")
            try:
                self._read_numbers()
                return outbox_scan.check(self._db, self._settled, self._next - 1)
            finally:
                self._db.execute("ROLLBACK")

    def free_bytes(self) -> int:
        """Room inside the file, left by dropped rows."""
        with refusals():
            pages = self._db.execute("PRAGMA freelist_count").fetchone()[0]
            return int(pages) * int(self._db.execute("PRAGMA page_size").fetchone()[0])

    def reserve_log(self, size: int) -> bool:
        """Write the log out to `size` bytes at the start, to be overwritten from then on: a sync that does not also
        make a file longer costs about two thirds. Nothing of the filling is ever committed. False: the disk is full.
        """
        try:
            with refusals():
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                self._db.execute(f"PRAGMA cache_size = {_SPILLING_PAGES}")
                self._db.execute("BEGIN IMMEDIATE")
                self._db.execute("CREATE TABLE filling (bytes BLOB)")
                self._db.execute("INSERT INTO filling VALUES (zeroblob(?))", (size,))
        except StoreRefusal:
            reserved = False
        else:
            reserved = True
        self.rollback()
        with refusals():
            self._db.execute(f"PRAGMA cache_size = {_CACHE_PAGES}")
            if reserved:
                tables.write_about(self._db, store=self.store)  # a commit, whose sync makes the new length durable
        return reserved

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file; for an idle moment."""
        with refusals():
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    # ---- inside

    def _create(self, fresh_id: bytes) -> None:
        """Make or bring up to date. Whoever may only look at a file of before finds it as it is."""
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA and not self._may_open():
            said = Text(
                f"发件箱是第 {version} 版，本程序只认到 {SCHEMA}：请用升级后的发行（docs/upgrade.md）",
                f"its schema is {version}, this release knows {SCHEMA}: use the newer release again (docs/upgrade.md)",
            )
            raise StoreRefusal("other", said)
        if version < SCHEMA:
            self._bring_up(version, fresh_id)

    def _bring_up(self, version: int, fresh_id: bytes) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(version):
                self._db.execute(statement)
        except sqlite3.OperationalError as fault:
            self._db.execute("ROLLBACK")
            if not version or getattr(fault, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_READONLY:
                raise
            return
        if not version:
            tables.write_about(self._db, store=store_id(fresh_id))
        tables.write_about(self._db, least=bytes((LEAST,)))
        self._db.execute("COMMIT")

    def _may_open(self) -> bool:
        """Has the newer release that brought it up said that this one may go on with it?"""
        least = tables.read_about(self._db, "least")
        return len(least) == 1 and least[0] <= SCHEMA

    def _store_id(self) -> StoreId:
        """Without its id nothing in the file can be named to the ledger: it is beyond repair."""
        found = tables.read_about(self._db, "store")
        if len(found) != STORE_ID_SIZE:
            said = Text("存储标识与校验和不符", "the store id does not fit its checksum")
            raise StoreRefusal("damaged", said)
        return StoreId(found)

    def _read_numbers(self) -> None:
        self._settled = tables.read_settled(self._db)
        self._apart = tables.read_apart(self._db)
        top = self._db.execute("SELECT coalesce(max(row), 0) FROM record").fetchone()[0]
        settled_top = self._settled.pieces()[-1][1] if self._settled else 0
        self._next = max(top, settled_top) + 1
        total = self._db.execute("SELECT count(*) FROM record").fetchone()[0]
        self._kept = total - self._unsettled()

    def _put_all(self, puts: Sequence[Put]) -> list[Kept | Refused]:
        room = self._limits.unsettled_max - self._unsettled()
        fresh: list[tuple[int, bytes, bytes, int, int]] = []
        outcomes: list[Kept | Refused] = []
        for put in puts:
            stored, digest, at_ms, seen = put
            known = self._known(put, fresh) if seen else None
            if seen and isinstance(known, (Kept, Refused)):
                outcomes.append(known)
            elif room <= 0 or not self.accepting:
                outcomes.append(Refused(put, "cap" if self.accepting else "full"))
            else:
                room -= 1
                row, key, body = self._next, key_of(stored, digest), stored[STREAM_SIZE:]
                if seen and self._apart:
                    self._take_out(key)
                self._next += 1
                fresh.append((row, key, body, at_ms, record_crc(row, key, body, at_ms)))
                outcomes.append(Kept(put, row, True, known is not None, False))
        self._insert(fresh)
        return outcomes

    def _insert(self, fresh: list[tuple[int, bytes, bytes, int, int]]) -> None:
        for at in range(0, len(fresh), INSERT_ROWS):
            rows = fresh[at : at + INSERT_ROWS]
            self._db.execute(_INSERTS[len(rows) - 1], [*chain.from_iterable(rows)])
        fresh.clear()

    def _known(self, put: Put, fresh: list[tuple[int, bytes, bytes, int, int]]) -> Kept | Refused | str | None:
        """Kept or Refused when these bytes are decided; 'fork' when its seq has other bytes; None when it is new.

        Two look-ups, however many records stand under the seq; one more for each that is damaged, and set aside.
        """
        self._insert(fresh)
        key, body = put.key, put.stored[STREAM_SIZE:]
        found = self._without_apart(self._sound("key = ?", (key,), 1))
        if not found:
            return "fork" if self._is_fork(key) else None
        row, its_body = found[0]
        return Kept(put, row, False, False, row in self._settled) if its_body == body else Refused(put, "collision")

    def _take_out(self, key: bytes) -> None:
        """A row that was answered without its device makes room for the same record, which gets a new one."""
        found = self._db.execute("SELECT row FROM record WHERE key = ?", (key,)).fetchone()
        if found is not None and found[0] in self._apart:
            self._kept -= tables.drop(self._db, found[0], found[0])
            self._no_longer_apart(found[0], found[0])

    def _set_apart(self, rows: Iterable[Range]) -> None:
        added = [self._apart.add(low, high) for low, high in rows]
        if added:
            tables.write_apart(self._db, self._apart)

    def _no_longer_apart(self, low: int, high: int) -> None:
        if self._apart.within(low, high):
            self._apart.remove(low, high)
            tables.write_apart(self._db, self._apart)

    def _is_fork(self, key: bytes) -> bool:
        """Are there other bytes under its seq? Rows apart are none; of OTHERS_MAX of them nobody knows, and it is."""
        others = self._sound(_SAME_SEQ, (key[:12], key[:12] + b"\xff" * 8, key), OTHERS_MAX)
        return len(others) == OTHERS_MAX or bool(self._without_apart(others))

    def _without_apart(self, rows: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """What was answered without its device is to be answered anew, as if it had never come."""
        return [one for one in rows if one[0] not in self._apart]

    def _sound(self, which: str, values: tuple[bytes, ...], most: int) -> list[tuple[int, bytes]]:
        """Number and body of such rows; those that are damaged are set aside."""
        sql = f"SELECT row, key, body, at_ms, crc FROM record WHERE {which} LIMIT {most}"  # noqa: S608  # words of ours
        while True:
            found = self._db.execute(sql, values).fetchall()
            damaged = [row[0] for row in found if not is_sound(*row)]
            if not damaged:
                return [(row[0], row[2]) for row in found]
            for row in damaged:
                self.set_aside(Damage(row, "crc"))

    def _select(self, low: int, high: int, limit: int) -> Any:  # noqa: ANN401  # a cursor
        sql = "SELECT row, key, body, at_ms, crc FROM record WHERE row BETWEEN ? AND ? ORDER BY row LIMIT ?"
        return self._db.execute(sql, (low, high, limit))

    def _backed_up(self) -> int:
        return int.from_bytes(tables.read_about(self._db, "backup"), "big")

    def _unsettled(self) -> int:
        return self._next - 1 - len(self._settled)

    def _settled_in(self, low: int, high: int) -> int:
        return sum(b - a + 1 for a, b in self._settled.within(low, high))


def _text(raw: bytes) -> str:
    """A damaged blob may claim to be text; that must not be an exception."""
    return raw.decode(errors="replace")


def _trouble(damage: Damage) -> Trouble:
    return Trouble(OutboxRowDamaged(damage.row, damage.reason))


def _statements(version: int) -> Iterator[str]:
    """From this schema to ours."""
    for number in range(version + 1, SCHEMA + 1):
        text = resources.files("edge").joinpath(f"schema/{number:04}.sql").read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("--")]
        yield from (part for part in "\n".join(lines).split(";") if part.strip())
