"""The open platform's file, DATA/cloud/open.db: its tables, made where they are not there yet."""

from pathlib import Path

from cloud.process.settings import FOLDER
from cloud.store.db import Database, open_database

FILE = "open.db"
TABLES = (
    """CREATE TABLE IF NOT EXISTS app (id TEXT PRIMARY KEY, name TEXT NOT NULL, merchant TEXT NOT NULL,
    scopes TEXT NOT NULL, per_minute INTEGER NOT NULL, per_day INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    made_ms INTEGER NOT NULL, made_by TEXT NOT NULL, revoked_ms INTEGER NOT NULL, is_sandbox INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS app_key (id TEXT PRIMARY KEY, app TEXT NOT NULL, digest BLOB NOT NULL,
    made_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS ix_app_key_app ON app_key (app)",
    """CREATE TABLE IF NOT EXISTS guess (app TEXT NOT NULL, day INTEGER NOT NULL, guesses INTEGER NOT NULL,
    PRIMARY KEY (app, day))""",
    """CREATE TABLE IF NOT EXISTS used (app TEXT NOT NULL, day INTEGER NOT NULL, calls INTEGER NOT NULL,
    PRIMARY KEY (app, day))""",
    "CREATE TABLE IF NOT EXISTS ended (app TEXT PRIMARY KEY, at_ms INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, app TEXT NOT NULL, at_ms INTEGER NOT NULL,
    body TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS ix_event_app ON event (app, id)",
    "CREATE TABLE IF NOT EXISTS hook (app TEXT PRIMARY KEY, url TEXT NOT NULL, set_ms INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS delivery (event INTEGER PRIMARY KEY, app TEXT NOT NULL, state INTEGER NOT NULL,
    tries INTEGER NOT NULL, next_ms INTEGER NOT NULL, status INTEGER NOT NULL, fault TEXT NOT NULL,
    changed_ms INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS ix_delivery_app ON delivery (app, state, event)",
    """CREATE TABLE IF NOT EXISTS lapse (books TEXT NOT NULL, token BLOB NOT NULL, app TEXT NOT NULL,
    expires_ms INTEGER NOT NULL, PRIMARY KEY (books, token))""",
    "CREATE INDEX IF NOT EXISTS ix_lapse_expires ON lapse (books, expires_ms)",
    "CREATE TABLE IF NOT EXISTS withdrawn (ask INTEGER PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS host (name TEXT PRIMARY KEY, made_by TEXT NOT NULL, at_ms INTEGER NOT NULL)",
)


def make_tables(db: Database) -> None:
    """In a transaction of its own."""
    with db.writing():
        for statement in TABLES:
            db.run(statement)


def open_store(data: Path) -> Database:
    """The file of this data folder. StoreFault."""
    db = open_database(str(data / FOLDER / FILE))
    make_tables(db)
    return db
