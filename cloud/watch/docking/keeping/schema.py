"""Tables of docking's file (SQLite): accounts, who docked with which values, commands, templates, what was refused."""

from cloud.store.db import Database
from shared.errors import StoreFault
from shared.words.voice import Text

_TABLES = (
    """CREATE TABLE account (
  name TEXT PRIMARY KEY, speech TEXT NOT NULL, grp TEXT NOT NULL, node TEXT NOT NULL, seal TEXT NOT NULL,
  made_ms INTEGER NOT NULL, who TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE TABLE own (user TEXT PRIMARY KEY, seal TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE source (
  name TEXT PRIMARY KEY, grp TEXT NOT NULL, node TEXT NOT NULL, device TEXT NOT NULL, is_online INTEGER NOT NULL,
  since_ms INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE metric (
  source TEXT NOT NULL, name TEXT NOT NULL, datatype INTEGER NOT NULL, number REAL, text TEXT, unit TEXT NOT NULL,
  at_ms INTEGER NOT NULL, is_stale INTEGER NOT NULL, PRIMARY KEY (source, name)) WITHOUT ROWID""",
    """CREATE TABLE command (
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, source TEXT NOT NULL, metric TEXT NOT NULL,
  value TEXT NOT NULL, state TEXT NOT NULL, told TEXT NOT NULL, done_ms INTEGER NOT NULL)""",
    "CREATE INDEX command_open ON command (id) WHERE state IN ('waiting', 'sent')",
    "CREATE TABLE refused (why TEXT PRIMARY KEY, count INTEGER NOT NULL, last_ms INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE template (
  number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, text TEXT NOT NULL)""",
    "CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
)
VERSION = 1


def prepare(db: Database) -> None:
    """Make the tables where there are none. StoreFault for a file of a newer version, which is not touched."""
    with db.reading():
        version = _version(db)
    if version > VERSION:
        raise StoreFault(Text("对接库来自更新的版本，请升级软件", "docking's file is of a newer version: upgrade"))
    if version == VERSION:
        return
    with db.writing():
        if _version(db) == 0:
            for table in _TABLES:
                db.run(table)
            db.run(f"PRAGMA user_version = {VERSION}")


def _version(db: Database) -> int:
    found: int = db.run("PRAGMA user_version")[0][0]
    return found
