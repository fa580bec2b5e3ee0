"""The migrations make exactly the schema; opening is idempotent; a newer ledger is refused."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.ledger.ledger import open_ledger
from cloud.ledger.schema.migrate import HEAD, migrate
from cloud.store.db import Database, PostgresDatabase, open_database
from shared.errors import ConfigFault, RuleBroken, StoreFault


def test_migrations_make_the_schema(dsn: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine

    from cloud.ledger.schema.tables import metadata

    open_ledger(dsn).close()
    url = dsn.replace("postgresql://", "postgresql+psycopg://") if "://" in dsn else f"sqlite:///{dsn}"
    engine = create_engine(url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    engine.dispose()
    assert found == []


def test_opening_again_is_the_same_ledger(dsn: str) -> None:
    first = open_ledger(dsn)
    second = open_ledger(dsn)
    assert first.id == second.id
    assert len(first.id) == 8
    first.close()
    second.close()


def test_a_newer_ledger_is_refused(dsn: str) -> None:
    open_ledger(dsn).close()
    database = open_database(dsn)
    with database.writing():
        database.run("UPDATE alembic_version SET version_num = '9999'")
        database.run("UPDATE schema_reader SET least = '9999'")
    with pytest.raises(ConfigFault):
        migrate(database)
    database.close()
    assert HEAD < "9999"


def test_what_is_no_database_is_a_store_fault(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_bytes(b"this is no database, but long enough to be looked at" * 20)
    with pytest.raises(StoreFault):
        open_ledger(str(tmp_path / "text.db"))
    with pytest.raises(StoreFault):
        open_ledger(str(tmp_path / "no" / "such" / "folder.db"))
    with pytest.raises(ConfigFault):
        open_ledger("mysql://somewhere")
    with pytest.raises(StoreFault):
        open_ledger("postgresql://nobody@/none?host=/nonexistent")


def test_a_ledger_file_is_private_and_synced(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(str(path))
    connection = ledger.database.connection  # type: ignore[attr-defined]
    assert path.stat().st_mode & 0o077 == 0
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    ledger.close()


def test_a_start_loads_neither_alembic_nor_postgresql(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    open_ledger(str(path)).close()
    script = (
        "import sys; from cloud.ledger.ledger import open_ledger; from cloud.ledger.read.reader import Reader; "
        f"open_ledger({str(path)!r}).close(); "
        "print(sorted({'sqlalchemy', 'alembic', 'psycopg'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _write_and_fail(database: Database) -> None:
    with database.writing():
        database.insert("meta", "name, value", [("a", "b")])
        database.insert("meta", "name, value", [(f"n{n}", "b") for n in range(50)])
        raise KeyError


def test_a_block_that_raises_leaves_nothing_behind(dsn: str) -> None:
    database = open_ledger(dsn).database
    with pytest.raises(KeyError):
        _write_and_fail(database)
    with database.writing():
        assert database.run("SELECT COUNT(*) FROM meta") == [(1,)]
        database.insert("meta", "name, value", [("a", "b")])
    with pytest.raises(RuleBroken), database.writing():
        database.insert("meta", "name, value", [("a", "c")])
    with database.reading():
        assert database.run("SELECT value FROM meta WHERE name = 'a'") == [("b",)]
    database.close()


def _asked_behind(database: Database, act: Callable[[], None]) -> None:
    """In one transaction, in which something happens first."""
    with database.writing():
        act()
        database.run("SELECT 1")


def _end(killer: Database, pid: int) -> None:
    """Until the server has let go of it."""
    with killer.reading():
        killer.run("SELECT pg_terminate_backend(?, 10000)", (pid,))


@pytest.mark.postgres
def test_a_lost_connection_is_a_store_fault_and_the_next_transaction_works(postgres: str) -> None:
    ledger, killer = open_ledger(postgres), open_database(postgres)
    database = ledger.database
    assert isinstance(database, PostgresDatabase)
    pid = database.connection.info.backend_pid
    with pytest.raises(StoreFault):
        _asked_behind(database, lambda: _end(killer, pid))
    assert ledger.fold() == 0
    _end(killer, database.connection.info.backend_pid)
    assert ledger.fold() == 0  # nothing was begun: nobody hears of it
    killer.close()
    ledger.close()


def test_a_writer_waits_no_longer_than_it_says(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.db")
    ledger = open_ledger(path)
    ledger.database.connection.execute("PRAGMA busy_timeout = 50")  # type: ignore[attr-defined]
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFault):
        ledger.fold()
    other.execute("ROLLBACK")
    assert ledger.fold() == 0
    other.close()
    ledger.close()
