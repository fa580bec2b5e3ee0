"""Tables of somebody's own in a file that others have tables in, too: made where they are not there yet.

Each use opens the file and closes it again, so any thread may.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cloud.store.db import Database, open_database


class OwnTables:
    """schema: statements that do nothing where their table is there. StoreFault from each use."""

    def __init__(self, path: Path, *schema: str) -> None:
        self._path = path
        with self.writing() as db:
            for statement in schema:
                db.run(statement)

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """One moment of it."""
        with closing(open_database(str(self._path))) as db, db.reading():
            yield db

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """Whole or not at all."""
        with closing(open_database(str(self._path))) as db, db.writing():
            yield db
