"""The one door to SQLite and PostgreSQL in the cloud: connections, transactions, bulk reads and writes (DESIGN 6).

SQL is written once, with `?`, in words that both servers know. There is one writer at a time per database: SQLite's
own rule, and an advisory lock in PostgreSQL; partition leases come with the city. A commit is durable when it returns.
Whatever the driver says becomes StoreFault (not committed, or in doubt: call again) or RuleBroken (a rule of ours).
"""

from __future__ import annotations

import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from cloud.store.pg_arrays import is_alike, pack_column
from shared.errors import ConfigFault, RuleBroken, StoreFault

if TYPE_CHECKING:
    import psycopg
    from psycopg import Pipeline

    from cloud.store.pg_arrays import Packed
    from cloud.store.pg_session import Session

LOCK_WAIT_S = 10
"""Longest that a writer waits for another one; at the bound it is a StoreFault and nothing was written."""
ANSWER_S = 120.0
"""Longest that PostgreSQL may be silent, far above what `verify` asks of a large ledger; then it is a StoreFault."""
SCHEMA_S = 3600.0
"""The same for a migration, which may write a large table anew."""
WRITER_LOCK = 0x594B_5401
"""Advisory lock of the one writer."""
SEND_FROM = 100
"""So many rows are sent at once; fewer wait for others, for the next question or for the commit."""
SHARED_FROM = 16
"""So many rows make it worth a statement of another shape to send a value once that all of them have."""
MEMORY = ":memory:"

Row = tuple[Any, ...]
Rows = list[Row]


class Question(NamedTuple):
    """A SELECT and its arguments. keyed: it ends with `WHERE column`, and the arguments are the keys to look for."""

    sql: str
    arguments: Sequence[object] = ()
    keyed: bool = False


class Newest(NamedTuple):
    """The last rows of each of these ranges of keys, `most` of each, ends included: what a SELECT finds that ends with
    `WHERE column`."""

    sql: str
    ranges: Sequence[tuple[bytes, bytes]]
    most: int


class Lines(NamedTuple):
    """Rows for a table. columns: joined by ', '."""

    table: str
    columns: str
    rows: Sequence[Row]


class Shape(NamedTuple):
    """How such rows travel. shared: is it one value for all of them? Never the first column, which counts them.

    conflict: what is done where a key is taken; empty: RuleBroken.
    """

    table: str
    columns: str
    shared: tuple[bool, ...]
    conflict: str


class Database(ABC):
    """One connection. Not thread-safe. Everything but `close` only inside of `writing` or `reading`.

    What was inserted is found by every later question of the same transaction, and may be sent no sooner.
    """

    dialect: str
    _together = False
    """Is a transaction open that others join?"""
    _is_spoilt = False
    """Has one of those that joined it failed?"""

    @abstractmethod
    def run(self, sql: str, arguments: Sequence[object] = ()) -> Rows:
        """Run one statement and return its rows, none where it has none."""

    @abstractmethod
    def ask(self, *questions: Question | Newest) -> list[Rows]:
        """The rows of each question, all asked in one go."""

    def find(self, select: str, keys: Sequence[object]) -> Rows:
        """Rows, in no order, of `SELECT … WHERE column` for any of the keys; `select` ends with the column's name. For
        no key nothing is asked."""
        return self.ask(Question(select, keys, keyed=True))[0] if keys else []

    @abstractmethod
    def insert(self, table: str, columns: str, rows: Sequence[Row]) -> None:
        """Add rows, which are the database's from here on; RuleBroken when a key is taken. columns: joined by ', '."""

    def insert_all(self, *parts: Lines) -> None:
        """Add rows to each of these tables, as `insert` does."""
        for part in parts:
            self.insert(*part)

    @abstractmethod
    def upsert(self, table: str, columns: str, key: str, rows: Sequence[Row]) -> None:
        """Add rows or replace those with the same key columns, in the rows' order."""

    @abstractmethod
    def close(self) -> None:
        """Let the connection go; an open transaction is rolled back."""

    @abstractmethod
    def _begin(self, *, write: bool) -> None: ...

    @abstractmethod
    def _end(self, *, commit: bool) -> None: ...

    @abstractmethod
    def _translated(self, fault: Exception) -> Exception | None:
        """Our word for a driver's exception, or None when it is not the driver's."""

    def writing(self) -> Transaction:
        """A transaction of the one writer: committed and durable at the end of the block, gone if the block raises."""
        return Transaction(self, write=True)

    def reading(self) -> Transaction:
        """One consistent snapshot."""
        return Transaction(self, write=False)

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction of the one writer for all that is opened within: every `writing` and `reading` joins it, and
        all is committed at the end of the block, or gone if the block raises, or any of those that joined did."""
        with self.writing():
            self._together, self._is_spoilt = True, False
            try:
                yield
                if self._is_spoilt:
                    raise RuleBroken("a part of this transaction has failed")
            finally:
                self._together = False

    def begin(self, *, write: bool) -> None:
        """For Transaction. A fault of ours, and nothing is open, when it cannot begin."""
        if self._together:
            return
        try:
            self._begin(write=write)
        except BaseException as fault:
            self.undo(fault)
            raise

    def commit(self) -> None:
        """For Transaction. As `begin`."""
        if self._together:
            return
        try:
            self._end(commit=True)
        except BaseException as fault:
            self.undo(fault)
            raise

    def undo(self, fault: BaseException) -> None:
        """For Transaction: roll back, and raise our word for the fault if it is the driver's."""
        if self._together:
            self._is_spoilt = True
        else:
            self._give_up()
        ours = self._translated(fault) if isinstance(fault, Exception) else None
        if ours is not None:
            raise ours from fault

    def _give_up(self) -> None:
        try:
            self._end(commit=False)
        except Exception as fault:
            if self._translated(fault) is None:
                raise


class Transaction:
    """What `with database.writing()` and `reading()` open. A class, for a small batch is mostly its transaction."""

    __slots__ = ("_database", "_write")

    def __init__(self, database: Database, *, write: bool) -> None:
        self._database = database
        self._write = write

    def __enter__(self) -> None:
        self._database.begin(write=self._write)

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if fault is None:
            self._database.commit()
        else:
            self._database.undo(fault)


def open_database(dsn: str, *, create: bool = True) -> Database:
    """A connection to 'postgresql://…', a file path or ':memory:'. StoreFault when it cannot be opened.

    create False: a SQLite file that is not there is not made.
    """
    if dsn.startswith(("postgresql://", "postgres://")):
        return PostgresDatabase(dsn)
    if "://" in dsn:
        raise ConfigFault("DSN: postgresql://… or the path of a SQLite file")
    if not create and dsn != MEMORY and not Path(dsn).exists():
        raise StoreFault(f"no ledger at {dsn}")
    return SqliteDatabase(dsn)


def read_file(path: Path, sql: str) -> Rows:
    """Rows of somebody else's SQLite file, which is only read, also while its owner writes. StoreFault."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_WAIT_S)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()
    except sqlite3.Error as fault:
        raise StoreFault(f"{path.name}: {fault}") from fault


def copy_file(source: Path, target: Path) -> None:
    """A SQLite file beside whoever writes to it, as it is at one moment; checked by SQLite itself. StoreFault."""
    try:
        _make_private(target)
        old = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_WAIT_S)
        with closing(old), closing(sqlite3.connect(target, isolation_level=None)) as new:
            old.backup(new, pages=-1)
            new.execute("PRAGMA journal_mode=DELETE")
            (said,) = new.execute("PRAGMA integrity_check").fetchone()
    except (sqlite3.Error, OSError) as fault:
        raise StoreFault(f"{source.name}: {fault}") from fault
    if said != "ok":
        raise StoreFault(f"{source.name}: {said}")


class SqliteDatabase(Database):
    """WAL and synchronous=FULL: a commit is in the log on disk when it returns."""

    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        try:
            if path != MEMORY:
                _make_private(Path(path))
            self.connection = sqlite3.connect(
                path, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            self._set_up()
        except (sqlite3.Error, OSError) as fault:
            raise StoreFault(f"ledger file: {type(fault).__name__}: {fault}") from fault

    def _set_up(self) -> None:
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY", "cache_size=-32000"):
                self.connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            self.connection.close()
            raise

    def run(self, sql: str, arguments: Sequence[object] = ()) -> Rows:
        return self.connection.execute(sql, arguments).fetchall()

    def ask(self, *questions: Question | Newest) -> list[Rows]:
        return [self._asked(question) for question in questions]

    def _asked(self, question: Question | Newest) -> Rows:
        if isinstance(question, Newest):
            return self._newest(question)
        return self._keyed(question) if question.keyed else self.run(question.sql, question.arguments)

    def _newest(self, question: Newest) -> Rows:
        sql, execute, found = _newest_sql(question.sql), self.connection.execute, []
        for low, high in question.ranges:
            found += execute(sql, (low, high, question.most)).fetchall()
        return found

    def _keyed(self, question: Question) -> Rows:
        sql, execute, found = f"{question.sql} = ?", self.connection.execute, []
        for key in dict.fromkeys(question.arguments):  # as ANY does
            found += execute(sql, (key,)).fetchall()
        return found

    def insert(self, table: str, columns: str, rows: Sequence[Row]) -> None:
        if rows:
            self.connection.executemany(_insert_sql(table, columns), rows)

    def upsert(self, table: str, columns: str, key: str, rows: Sequence[Row]) -> None:
        if rows:
            self.connection.executemany(_upsert_sql(table, columns, key), rows)

    def close(self) -> None:
        self.connection.close()

    def _begin(self, *, write: bool) -> None:
        self.connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")

    def _end(self, *, commit: bool) -> None:
        if self.connection.in_transaction:
            self.connection.execute("COMMIT" if commit else "ROLLBACK")

    def _translated(self, fault: Exception) -> Exception | None:
        if isinstance(fault, sqlite3.IntegrityError):
            return RuleBroken(f"the ledger's own rule: {fault}")
        if isinstance(fault, sqlite3.Error):
            return StoreFault(f"ledger file: {fault}")
        return None


class PostgresDatabase(Database):
    """Connects when it is first needed, and again after a loss: the next transaction simply begins on a new one, also
    where the server was killed since the last one: nothing was begun there, so it is tried once more, and no oftener.

    A transaction is one pipeline. The server works on what was inserted while we make the next rows, and we wait for it
    at questions and at the commit only; what it refuses is told there. Rows travel as one array for each column, and
    one value where all of them have the same; those of several tables in one statement.
    """

    dialect = "postgresql"

    def __init__(self, dsn: str, answer_s: float = ANSWER_S) -> None:
        import psycopg  # here, because a SQLite ledger starts without it

        from cloud.store import pg_session

        self._psycopg = psycopg
        self._session = pg_session
        self._status = psycopg.pq.TransactionStatus
        self._dsn = dsn
        self._answer_s = answer_s
        self._connection: Session | None = None
        self._types: dict[tuple[str, str], list[str]] = {}
        self._unsent: dict[str, tuple[Lines, str]] = {}
        """Rows and what is done where a key is taken, by table: one statement sees nothing of what it writes."""
        self._held = ExitStack()
        self._pipeline: Pipeline | None = None

    @property
    def connection(self) -> Session:
        """That of the open transaction; made by its beginning, and never replaced within it."""
        if self._connection is None:
            raise StoreFault("PostgreSQL: no connection yet")
        return self._connection

    def run(self, sql: str, arguments: Sequence[object] = ()) -> Rows:
        return self.ask(Question(sql, arguments))[0]

    def ask(self, *questions: Question | Newest) -> list[Rows]:
        self._send()
        asked = [self._asked(question) for question in questions]
        self._wait()
        return [_fetched(cursor) for cursor in asked]

    def insert(self, table: str, columns: str, rows: Sequence[Row]) -> None:
        self._write(Lines(table, columns, rows))

    def insert_all(self, *parts: Lines) -> None:
        self._write(*parts)

    def upsert(self, table: str, columns: str, key: str, rows: Sequence[Row]) -> None:
        at = [columns.split(", ").index(name) for name in key.split(", ")]
        newest = {tuple(row[i] for i in at): row for row in rows}  # one statement cannot change a row twice
        self._write(Lines(table, columns, list(newest.values())), conflict=_on_conflict(columns, key))

    def _asked(self, question: Question | Newest) -> psycopg.Cursor[Row] | None:
        if isinstance(question, Newest):
            return self._newest(question)
        if not question.keyed:
            return self.connection.execute(_percent(question.sql), question.arguments, binary=True)
        if not question.arguments:
            return None
        keys = pack_column(_KEY_TYPES[type(question.arguments[0])], question.arguments)
        return self.connection.execute(_percent(f"{question.sql} = ANY(?)"), (keys,), binary=True)

    def _newest(self, question: Newest) -> psycopg.Cursor[Row] | None:
        if not question.ranges:
            return None
        ends = [pack_column("bytea", ends) for ends in zip(*question.ranges, strict=True)]
        sql = _newest_of_each_sql(question.sql)
        return self.connection.execute(sql, (*ends, question.most), binary=True)

    def _write(self, *parts: Lines, conflict: str = "") -> None:
        """With the next statement: that of many rows goes now, so that the server has something to do."""
        for part in parts:
            if not part.rows:
                continue
            if part.table in self._unsent:
                self._send()
            self._unsent[part.table] = part, conflict
        if sum(len(part.rows) for part, _ in self._unsent.values()) >= SEND_FROM:
            self._send()

    def _send(self) -> None:
        """All that was written, in one statement."""
        unsent, self._unsent = self._unsent, {}
        shapes: list[Shape] = []
        arrays: list[Packed] = []
        for part, conflict in unsent.values():
            columns = list(zip(*part.rows, strict=True))
            shared = (False, *(len(part.rows) >= SHARED_FROM and is_alike(values) for values in columns[1:]))
            shapes.append(Shape(part.table, part.columns, shared, conflict))
            for kind, values, once in zip(self._column_types(part), columns, shared, strict=True):
                arrays.append(pack_column(kind, values[:1] if once else values))
        if shapes:
            self.connection.execute(_arrays_sql(tuple(shapes)), arrays)

    def _wait(self) -> None:
        """Until the server has done all that it was sent."""
        if self._pipeline is None:
            raise RuleBroken("a question outside of a transaction")
        self._pipeline.sync()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def connect_for_schema(self) -> Session:
        """A connection of its own for the caller, who may let the server work for long."""
        return self._session.connect(self._dsn, autocommit=False, lock_s=LOCK_WAIT_S, answer_s=SCHEMA_S)

    def _begin(self, *, write: bool) -> None:
        if self._connection is None or self._connection.is_gone():
            self._connection = self._session.connect(
                self._dsn, autocommit=True, lock_s=LOCK_WAIT_S, answer_s=self._answer_s
            )
        self._pipeline = self._held.enter_context(self._connection.pipeline())
        for sql in _BEGIN_WRITING if write else _BEGIN_READING:
            self._connection.execute(sql)

    def _end(self, *, commit: bool) -> None:
        if commit:
            self._send()
            self.connection.execute("COMMIT")
            self._leave()
            return
        self._unsent = {}
        with suppress(self._psycopg.Error):  # of statements that nobody has waited for: they are undone now
            self._leave()
        held = self._connection
        if held is None or held.closed or held.info.transaction_status == self._status.IDLE:
            return
        if held.info.transaction_status == self._status.INERROR:
            held.close()  # the driver takes for prepared what the server has skipped after the fault
        else:
            held.execute("ROLLBACK")

    def _leave(self) -> None:
        self._pipeline = None
        self._held.close()

    def _translated(self, fault: Exception) -> Exception | None:
        broken = (self._psycopg.IntegrityError, self._psycopg.errors.RaiseException)
        if isinstance(fault, broken):
            return RuleBroken(f"the ledger's own rule: {_said(fault)}")
        if isinstance(fault, self._psycopg.Error):
            return StoreFault(f"PostgreSQL: {type(fault).__name__}: {_said(fault)}")
        return None

    def _column_types(self, part: Lines) -> list[str]:
        table, columns, _ = part
        known = self._types.get((table, columns))
        if known is None:
            sql = "SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = %s::text::regclass"
            cursor = self.connection.execute(sql, (table,))
            self._wait()
            by_name: dict[str, str] = dict(cursor.fetchall())
            known = self._types[table, columns] = [by_name[name] for name in columns.split(", ")]
        return known


def _fetched(cursor: psycopg.Cursor[Row] | None) -> Rows:
    return cursor.fetchall() if cursor is not None and cursor.rownumber is not None else []


_KEY_TYPES: dict[type, str] = {bytes: "bytea", str: "text", int: "bigint"}
_BEGIN_WRITING = "BEGIN", f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"
_BEGIN_READING = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)


@lru_cache(maxsize=256)
def _newest_sql(select: str) -> str:
    return f"{select} BETWEEN ? AND ? ORDER BY {select.rpartition(' ')[2]} DESC LIMIT ?"


@lru_cache(maxsize=256)
def _newest_of_each_sql(select: str) -> str:
    one = f"{select} BETWEEN low AND high ORDER BY {select.rpartition(' ')[2]} DESC LIMIT ?"
    return _percent(f"SELECT found.* FROM unnest(?, ?) AS wanted(low, high) CROSS JOIN LATERAL ({one}) AS found")  # noqa: S608  # our own


@lru_cache(maxsize=256)
def _insert_sql(table: str, columns: str) -> str:
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * (columns.count(',') + 1))})"  # noqa: S608  # names of ours


@lru_cache(maxsize=256)
def _arrays_sql(shapes: tuple[Shape, ...]) -> str:
    *first, last = map(_array_sql, shapes)
    before = ", ".join(f"written_{number} AS ({one})" for number, one in enumerate(first))
    return f"WITH {before} {last}" if before else last


def _array_sql(shape: Shape) -> str:
    """The columns' sets run in step in a SELECT's list, which spares the server the tables it would make of a FROM."""
    table, columns, shared, conflict = shape
    selected = ", ".join("(%b)[1]" if once else "unnest(%b)" for once in shared)
    return f"INSERT INTO {table} ({columns}) SELECT {selected}{conflict}"


@lru_cache(maxsize=64)
def _upsert_sql(table: str, columns: str, key: str) -> str:
    return _insert_sql(table, columns) + _on_conflict(columns, key)


@lru_cache(maxsize=64)
def _on_conflict(columns: str, key: str) -> str:
    changed = [name for name in columns.split(", ") if name not in key.split(", ")]
    sets = ", ".join(f"{name} = excluded.{name}" for name in changed)
    action = f"UPDATE SET {sets}" if changed else "NOTHING"
    return f" ON CONFLICT ({key}) DO {action}"


@lru_cache(maxsize=512)
def _percent(sql: str) -> str:
    return sql.replace("?", "%s")


def _said(fault: Exception) -> str:
    return str(fault).partition("\n")[0][:200]


def _make_private(path: Path) -> None:
    """Ours alone from its first byte on. A file that is there is not opened: whoever closes a descriptor of it lets go
    of the locks of every connection that this process has to it (SQLite, how to corrupt, 2.2)."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
