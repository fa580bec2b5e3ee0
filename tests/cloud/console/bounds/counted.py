"""Questions to databases, counted at the doors: what PostgreSQL would get as one statement is one here, too."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cloud.console.access.file import AccountsFile
from cloud.store.db import SqliteDatabase

_ASKS = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
"""A table that is made where it is not there yet, and a PRAGMA, ask nothing."""
ACCOUNTS = "console.db"


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """File → questions so far. For as long as the block lasts; of databases that were opened within it."""
    found = Counter[str]()
    names = dict[int, str]()
    with pytest.MonkeyPatch.context() as patch:
        opened = SqliteDatabase.__init__

        def opening(database: SqliteDatabase, path: str) -> None:
            opened(database, path)
            names[id(database)] = Path(path).name

        def spied(name: str, *, of: Any) -> None:
            was = getattr(of, name)

            def asking(door: Any, asked: Any, *rest: Any) -> Any:
                if _ASKS.match(asked if isinstance(asked, str) else asked.sql):
                    found[names.get(id(door), ACCOUNTS)] += 1
                return was(door, asked, *rest)

            patch.setattr(of, name, asking)

        patch.setattr(SqliteDatabase, "__init__", opening)
        for name in ("run", "_keyed", "_newest"):
            spied(name, of=SqliteDatabase)
        for name in ("one", "rows"):
            spied(name, of=AccountsFile)
        yield found
