"""Every test of the ledger runs on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.schema.migrate import migrate
from cloud.store.db import open_database
from compose.servers.postgres import OWNER, ROLE, Postgres
from tests.cloud.ledger.campus import LEDGER_ID, NOW, Box, inventory

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def dsn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a fresh, empty database."""
    yield from database_of(request, tmp_path)


def database_of(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """For a fixture with the parameters BOTH."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.db")
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name = f"ledger_{token_hex(4)}"
    yield server.create_database(name)
    server.drop_database(name)


@pytest.fixture(params=BOTH)
def new_dsn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a database in which nothing has been written. PostgreSQL's has the newest schema already: to migrate one takes
    ten times as long as to copy it."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.db")
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name, model = f"ledger_{token_hex(4)}", request.getfixturevalue("migrated")
    with psycopg.connect(server.dsn(OWNER, OWNER), autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {model}")
    yield server.dsn(name)
    server.drop_database(name)


@pytest.fixture(scope="session")
def migrated(postgres_server: Postgres) -> str:
    """The name of a database with the newest schema and without a row of ours. Nobody may be connected to it."""
    name = f"migrated_{token_hex(4)}"
    with closing(open_database(postgres_server.create_database(name))) as database:
        migrate(database)
    return name


@pytest.fixture(params=BOTH)
def campus_dsn(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database with the small campus and nothing else: a copied file, or one database that is put right again."""
    if request.param == "sqlite":
        return str(shutil.copy(request.getfixturevalue("campus_file"), tmp_path / "ledger.db"))
    shared: SharedCampus = request.getfixturevalue("shared_campus")
    shared.put_right()
    return shared.dsn


@pytest.fixture(scope="session")
def campus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "campus.db"
    _make(str(path))
    return path


class SharedCampus:
    """One PostgreSQL database for many tests: making one for each would take longer than all tests together."""

    def __init__(self, dsn: str, owner: psycopg.Connection) -> None:
        self.dsn = dsn
        self._owner = owner
        _make(dsn)
        rows = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = sorted(name for (name,) in rows)
        owner.execute("CREATE SCHEMA pristine")
        for name in names:
            owner.execute(f"CREATE TABLE pristine.{name} AS TABLE public.{name}")
        self._reset = "; ".join(_reset(name) for name in names)

    def put_right(self) -> None:
        """Forget what the last test did."""
        self._owner.execute("SET session_replication_role = replica")
        with self._owner.transaction():
            self._owner.execute(self._reset, prepare=False)


def _reset(table: str) -> str:
    copy = f"INSERT INTO {table} SELECT * FROM pristine.{table}"  # noqa: S608  # names of our own schema
    return f"DELETE FROM {table}; {copy}; ALTER TABLE {table} ENABLE TRIGGER USER"  # noqa: S608


@pytest.fixture(scope="session")
def shared_campus(postgres_server: Postgres) -> Iterator[SharedCampus]:
    name = f"campus_{token_hex(4)}"
    dsn = postgres_server.create_database(name)
    with psycopg.connect(postgres_server.dsn(name, OWNER), autocommit=True) as owner:
        yield SharedCampus(dsn, owner)


def _make(dsn: str) -> None:
    made = open_ledger(dsn, LEDGER_ID)
    made.import_inventory(inventory(), NOW)
    made.close()


@pytest.fixture
def opened(campus_dsn: str) -> Iterator[OpenedLedger]:
    """With the small campus imported; every door of a test takes it."""
    opened = open_prepared(campus_dsn)
    yield opened
    opened.close()


@pytest.fixture
def ledger(opened: OpenedLedger) -> Ledger:
    return Ledger(opened)


@pytest.fixture
def box(ledger: Ledger) -> Box:
    return Box(ledger)
