"""A backup of a million records made and put back, in both stores; the restore until the books answer."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cloud.commands.chains.backups import files, making, pgbackrest, restoring
from cloud.commands.chains.backups.files import LEDGER, Backup
from cloud.ledger.ledger import open_ledger
from cloud.ledger.read.reader import open_reader
from cloud.process.settings import CloudSettings, load_settings
from compose.parts.standing import Standing
from compose.servers.postgres import Postgres, postgres
from tests.bench.ledger import BATCH, Ingest, Source, inventory
from tests.bench.row import Row, at_most, not_measured
from tests.cloud.ledger import campus
from tests.scenes import plans

RECORDS = 1_000_000
ROUND = 20
RESTORE_S = 60.0
"""The goal of issue 15."""


def rows() -> Iterator[Row]:
    """SQLite, then PostgreSQL by pgBackRest."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        plans.make(plans.on_tcp(), folder / "room")
        shutil.move(folder / "room" / "campus", folder / "campus")
        settings = load_settings(folder / "campus")
        yield from _sqlite(settings, folder)
        if shutil.which(pgbackrest.PROGRAM) is None:
            yield not_measured("restore, PostgreSQL", "s", pgbackrest.PACKAGE)
        else:
            yield from _postgres(settings, folder)


def _sqlite(settings: CloudSettings, folder: Path) -> Iterator[Row]:
    books = settings.data / "cloud" / LEDGER
    books.unlink()
    _fill(str(books))
    made, made_s = _made(settings, str(books), folder / "to")
    began_s = time.perf_counter()
    restoring.restore(made.folder, folder / "new", 1)
    _require(str(folder / "new" / "cloud" / LEDGER))
    yield from _rows("SQLite", made_s, time.perf_counter() - began_s, folder / "to")
    for part in (books, folder / "to", folder / "new"):
        shutil.rmtree(part) if part.is_dir() else part.unlink()


def _postgres(settings: CloudSettings, folder: Path) -> Iterator[Row]:
    server = postgres(folder)
    with Standing(server.part, folder):
        dsn = server.create_database("openykt")
    pgbackrest.set_up(folder / "to", settings.data, server.place / "cluster", dsn, 2)
    with Standing(server.part, folder):
        _fill(dsn)
        made, made_s = _made(settings, dsn, folder / "to")
    new = folder / "again"
    (new / "postgres").mkdir(mode=0o711, parents=True)
    for file in files.FILES:
        (settings.data / "cloud" / file).unlink(missing_ok=True)
    began_s = time.perf_counter()
    restoring.restore(made.folder, settings.data, 1, new / "postgres" / "cluster")
    again: Postgres = postgres(new)
    with Standing(again.part, folder):
        _require(again.dsn("openykt"))
        restored_s = time.perf_counter() - began_s
    yield from _rows("PostgreSQL", made_s, restored_s, folder / "to")


def _fill(dsn: str) -> None:
    with closing(open_ledger(dsn, campus.LEDGER_ID)) as ledger:
        ledger.import_inventory(inventory(), campus.NOW)
        ingest, source = Ingest(ledger), Source()
        for _ in range(RECORDS // BATCH // ROUND):
            ingest.round(source.messages(ROUND))


def _made(settings: CloudSettings, dsn: str, to: Path) -> tuple[Backup, float]:
    began_s = time.perf_counter()
    made = making.make(settings, dsn, to, int(time.time() * 1000), full=True)
    return made, time.perf_counter() - began_s


def _require(dsn: str) -> None:
    with closing(open_reader(dsn)) as reader:
        if reader.overview().records != RECORDS:
            raise RuntimeError("the bench's own books are not what they were")


def _rows(name: str, made_s: float, restored_s: float, to: Path) -> Iterator[Row]:
    size = sum(one.stat().st_size for one in to.rglob("*") if one.is_file()) / 1e6
    yield Row(f"backup made and verified, {RECORDS:,}, {name}", made_s, "s", "size, MB", size)
    yield at_most(f"restore until the books answer, {name}", restored_s, "s", RESTORE_S)
