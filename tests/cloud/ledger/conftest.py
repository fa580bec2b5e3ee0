"""Every test of the ledger runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from secrets import token_hex

import pytest

from cloud.ledger.ledger import Ledger, open_ledger
from compose.postgres import Postgres
from tests.cloud.ledger.campus import LEDGER_ID, NOW, Box, inventory


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def dsn(request: pytest.FixtureRequest, tmp_path: object) -> Iterator[str]:
    """Of a fresh, empty database."""
    if request.param == "sqlite":
        yield f"{tmp_path}/ledger.db"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name = f"ledger_{token_hex(4)}"
    yield server.create_database(name)
    server.drop_database(name)


@pytest.fixture
def ledger(dsn: str) -> Iterator[Ledger]:
    """With the small campus imported."""
    opened = open_ledger(dsn, LEDGER_ID)
    opened.import_inventory(inventory(), NOW)
    yield opened
    opened.close()


@pytest.fixture
def box(ledger: Ledger) -> Box:
    return Box(ledger)
