"""Brings a database to the newest schema, or refuses one that is newer than this program.

SQLAlchemy and Alembic are loaded only when there is something to do, so that an ordinary start does not wait for them.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from cloud.store.db import WRITER_LOCK, Database, PostgresDatabase, SqliteDatabase
from shared.errors import ConfigFault, RuleBroken
from shared.words.voice import Text

HEAD = "0030"
"""The schema that this program speaks."""
_FOLDER = Path(__file__).parents[1] / "migrations"


def migrate(database: Database) -> None:
    """Idempotent, and safe when two processes start at once. ConfigFault for a ledger of a newer program."""
    found = _revision(database)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise ConfigFault(
            Text(f"账本版本 {found} 比本程序（{HEAD}）新", f"ledger schema {found} is newer than this program ({HEAD})")
        )
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
        raise ConfigFault(
            Text(f"账本版本 {found} 比本程序（{HEAD}）新", f"ledger schema {found} is newer than this program ({HEAD})")
        )


def _revision(database: Database) -> str | None:
    with database.reading():
        if not database.run(_HAS_VERSION[database.dialect]):
            return None
        return str(database.run("SELECT version_num FROM alembic_version")[0][0])


_HAS_VERSION = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'",
    "postgresql": "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL",
}


def _create(database: SqliteDatabase) -> None:
    """A fresh file: the migrations run once per process, on a database in memory, and are written down as a script."""
    statements = _script()
    with database.writing():
        if not database.run(_HAS_VERSION["sqlite"]):
            for sql in statements:
                database.run(sql)


@lru_cache(maxsize=1)
def _script() -> tuple[str, ...]:
    model = SqliteDatabase(":memory:")
    _upgrade(model)
    made = model.run("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    model.close()
    return (*(sql for (sql,) in made), f"INSERT INTO alembic_version VALUES ('{HEAD}')")  # noqa: S608  # a constant


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
