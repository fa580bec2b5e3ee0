"""The database of a --full folder: that of a running campus is used and not touched, else one is started."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from compose.parts.hold import hold
from compose.parts.standing import Standing
from compose.parts.supervise import Supervisor
from compose.servers.database import DATABASE, database
from compose.servers.postgres import postgres

pytestmark = [pytest.mark.postgres, pytest.mark.process]


@pytest.fixture
def folder():
    """A folder the server's user may enter; pytest's own are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="openykt-test-", dir="/var/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


async def asked(folder: Path) -> int:
    """What somebody else's command finds there, while it has the database."""
    async with Supervisor(folder / "log") as parts:
        with psycopg.connect(await database(parts, folder)) as db:
            return db.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()").fetchone()[0]


def test_the_database_of_a_running_campus_is_used_and_not_touched(folder):
    server = postgres(folder)
    with hold(folder), Standing(server.part, folder) as standing:
        pid = standing._process.pid
        with psycopg.connect(server.create_database(DATABASE)) as db:
            assert asyncio.run(asked(folder)) == 2
            assert db.execute("SELECT 1").fetchone() == (1,), "its own connection lives on"
        assert (standing._process.pid, standing._process.poll()) == (pid, None)


def test_that_of_a_campus_that_does_not_run_is_started_and_ends_again(folder):
    server = postgres(folder)
    with Standing(server.part, folder):
        server.create_database(DATABASE)
    assert asyncio.run(asked(folder)) == 1
    assert not (server.place / "cluster" / "postmaster.pid").exists()
