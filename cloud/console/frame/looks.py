"""How somebody wants pages to look: colours and the size of type, kept for him in the console's file.

A cookie carries it to pages, so none asks the file; it is set when he chooses and whenever he signs in.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from cloud.store.own_tables import OwnTables

LOOKS_COOKIE = "ykt_looks"
THEMES = ("", "light", "dark", "contrast")
SIZES = ("", "large", "larger")
"""'' is as the system wants it, and as we made it."""
_SCHEMA = """CREATE TABLE IF NOT EXISTS looks
  (who TEXT PRIMARY KEY, theme TEXT NOT NULL, size TEXT NOT NULL) STRICT"""


class Looks(NamedTuple):
    """Each one of the values above."""

    theme: str = ""
    size: str = ""

    def cookie(self) -> str:
        """'dark.large'."""
        return f"{self.theme}.{self.size}"


def looks_of(cookie: str) -> Looks:
    """Of anything else than we have written: as we made it."""
    theme, _, size = cookie.partition(".")
    return Looks(theme if theme in THEMES else "", size if size in SIZES else "")


class KeptLooks:
    """Over the console's file. Each call opens it, so any thread may."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, _SCHEMA)

    def of(self, who: str) -> Looks:
        """His, or as we made it."""
        with self._tables.reading() as db:
            rows = db.run("SELECT theme, size FROM looks WHERE who = ?", (who,))
        return Looks(*rows[0]) if rows else Looks()

    def keep(self, who: str, looks: Looks) -> None:
        """In the place of what he chose before."""
        with self._tables.writing() as db:
            db.upsert("looks", "who, theme, size", "who", [(who, *looks)])


@cache
def kept_looks(path: Path) -> KeptLooks:
    """In this file."""
    return KeptLooks(path)
