"""Every test of the ledger runs on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

from cloud.ledger.ledger import Ledger, open_ledger
from compose.postgres import OWNER, ROLE, Postgres
from tests.cloud.ledger.campus import LEDGER_ID, NOW, Box, inventory

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def dsn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a fresh, empty database."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.db")
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name = f"ledger_{token_hex(4)}"
    yield server.create_database(name)
    server.drop_database(name)


@pytest.fixture(params=BOTH)
def campus_dsn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a fresh database with the small campus, copied from one that is made once."""
    if request.param == "sqlite":
        yield str(shutil.copy(request.getfixturevalue("campus_file"), tmp_path / "ledger.db"))
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    template, name = request.getfixturevalue("campus_template"), f"ledger_{token_hex(4)}"
    with psycopg.connect(server.dsn(OWNER, OWNER), autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template}")
        yield server.dsn(name)
        owner.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def campus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "campus.db"
    _make(str(path))
    return path


@pytest.fixture(scope="session")
def campus_template(postgres_server: Postgres) -> str:
    name = f"campus_{token_hex(4)}"
    _make(postgres_server.create_database(name))
    return name


def _make(dsn: str) -> None:
    made = open_ledger(dsn, LEDGER_ID)
    made.import_inventory(inventory(), NOW)
    made.close()


@pytest.fixture
def ledger(campus_dsn: str) -> Iterator[Ledger]:
    """With the small campus imported."""
    opened = open_ledger(campus_dsn)
    yield opened
    opened.close()


@pytest.fixture
def box(ledger: Ledger) -> Box:
    return Box(ledger)
