"""Views that somebody has saved 常用视图: an address of the console under a name of his own. In the console's file."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from cloud.store.own_tables import OwnTables

_SCHEMA = """CREATE TABLE IF NOT EXISTS saved_view
  (who TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (who, name)) STRICT"""
VIEWS_MAX = 30
"""Of one person; one more is refused."""
NAME_MAX = 40
ADDRESS_MAX = 1000


class SavedView(NamedTuple):
    """address: a path of ours with its query."""

    name: str
    address: str


class SavedViews:
    """Over the console's file. Each call opens it, so any thread may."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, _SCHEMA)

    def of(self, who: str) -> list[SavedView]:
        """His, by name."""
        with self._tables.reading() as db:
            rows = db.run("SELECT name, address FROM saved_view WHERE who = ? ORDER BY name", (who,))
        return [SavedView(*row) for row in rows]

    def save(self, who: str, view: SavedView) -> bool:
        """Over one of the same name; False where he has VIEWS_MAX others."""
        with self._tables.writing() as db:
            others = db.run("SELECT COUNT(*) FROM saved_view WHERE who = ? AND name <> ?", (who, view.name))[0][0]
            if others < VIEWS_MAX:
                db.upsert("saved_view", "who, name, address", "who, name", [(who, *view)])
        return bool(others < VIEWS_MAX)

    def forget(self, who: str, name: str) -> None:
        """One that is not there is forgotten already."""
        with self._tables.writing() as db:
            db.run("DELETE FROM saved_view WHERE who = ? AND name = ?", (who, name))


@cache
def saved_views(path: Path) -> SavedViews:
    """In this file."""
    return SavedViews(path)
