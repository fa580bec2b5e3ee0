"""Brings a database to the newest schema; one that is newer than this program is opened only if it says that it may be.

A migration that older programs can live with leaves the number in `schema_reader`; any other raises it (LEAST), and so
does the first row of a kind that they have never heard of (journal/readers.py).

SQLAlchemy and Alembic are loaded only when there is something to do, so that an ordinary start does not wait for them.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from cloud.store.db import WRITER_LOCK, Database, PostgresDatabase, SqliteDatabase
from shared.errors import ConfigFault, RuleBroken
from shared.words.voice import Text

HEAD = "0055"
"""The schema that this program speaks."""
LEAST = "0027"
"""The oldest schema whose programs may open books that this program has just made: what is then written into them may
raise it (journal/readers.py)."""
_FOLDER = Path(__file__).parents[1] / "migrations"


def migrate(database: Database) -> None:
    """Idempotent, and safe when two processes start at once. ConfigFault for a ledger of a newer program."""
    found = _revision(database)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        _require_readable(database, found)
        return
    if found is None and isinstance(database, SqliteDatabase):
        _create(database)
        return
    _upgrade(database)


def require_head(database: Database) -> None:
    """For who only reads: ConfigFault unless the ledger has the schema that this program speaks, and how to get it."""
    found = _revision(database)
    if found is None:
        raise ConfigFault(Text("没有账本，先执行 cloud import", "there is no ledger: cloud import first"))
    if found < HEAD:
        raise ConfigFault(
            Text(
                f"账本是旧版 {found}，本程序用 {HEAD}：先启动一次（up 或 cloud ingest）即升级",
                f"the ledger has the older schema {found}, this program {HEAD}: start it once (up, or cloud ingest), "
                "which brings it up",
            )
        )
    if found > HEAD:
        _require_readable(database, found)


def require_openable(database: Database) -> str | None:
    """The ledger's schema, None where there is none yet: this program may open it, and would bring an older one up.

    ConfigFault for a newer one that is closed to it. Changes nothing.
    """
    found = _revision(database)
    if found is not None and found > HEAD:
        _require_readable(database, found)
    return found


def _require_readable(database: Database, found: str) -> None:
    """May this program, which is older than the books, open them all the same? ConfigFault, with the ways out."""
    with database.reading():
        least = database.run("SELECT MAX(least) FROM schema_reader")[0][0] if _has(database, "schema_reader") else found
    if least is not None and least <= HEAD:
        return
    raise ConfigFault(
        Text(
            f"账本版本 {found} 只有 {least} 及以后的程序能打开，本程序是 {HEAD}。出路：一、用升级后的程序，账不受影响；"
            "二、恢复升级前的备份（cloud backup restore），其后的流水由网关重传，柜台与后台的须重做（docs/upgrade.md）",
            f"ledger schema {found} is open to programs of {least} and later, this one is {HEAD}. Ways out: the newer "
            "program again, the books are as they were; or the backup of before the upgrade (cloud backup restore): "
            "boxes bring the records since then again, what desks and offices did is to be done anew (docs/upgrade.md)",
        )
    )


def _revision(database: Database) -> str | None:
    with database.reading():
        if not _has(database, _VERSION):
            return None
        return str(database.run("SELECT version_num FROM alembic_version")[0][0])


def _has(database: Database, table: str) -> bool:
    """Inside of a snapshot."""
    return bool(database.run(_HAS[database.dialect], (table,)))


_HAS = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = ?",
    "postgresql": "SELECT 1 WHERE to_regclass(?) IS NOT NULL",
}
_VERSION = "alembic_version"


def _create(database: SqliteDatabase) -> None:
    """A fresh file: the migrations run once per process, on a database in memory, and are written down as a script."""
    statements = _script()
    with database.writing():
        if not _has(database, _VERSION):
            for sql in statements:
                database.run(sql)


@lru_cache(maxsize=1)
def _script() -> tuple[str, ...]:
    model = SqliteDatabase(":memory:")
    _upgrade(model)
    made = model.run("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    model.close()
    rows = (f"INSERT INTO {_VERSION} VALUES ('{HEAD}')", f"INSERT INTO schema_reader VALUES ('{LEAST}')")  # noqa: S608  # ours
    return (*(sql for (sql,) in made), *rows)


def _upgrade(database: Database, upto: str = HEAD) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    url, creator = _raw(database)
    engine = create_engine(url, creator=creator, poolclass=StaticPool)
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    try:
        with engine.connect() as connection:
            if isinstance(database, SqliteDatabase):
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
            config.attributes["connection"] = connection
            command.upgrade(config, upto)
            connection.commit()
    finally:
        if isinstance(database, PostgresDatabase):
            engine.dispose()  # a connection of its own; SQLite's is the ledger's


def _raw(database: Database) -> tuple[str, Any]:
    if isinstance(database, SqliteDatabase):
        return "sqlite://", lambda: database.connection
    if isinstance(database, PostgresDatabase):
        return "postgresql+psycopg://", database.connect_for_schema
    raise RuleBroken("a database of an unknown kind")
