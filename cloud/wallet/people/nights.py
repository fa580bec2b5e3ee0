"""Reports from anybody's phone that wait to be looked at. Inside of a transaction.

Each is written down as it was said, whoever it names, and the same again: nobody learns from the answer, or from how
long it took, whether there is such a holder. Bound: NIGHTS_MAX wait at once; who comes then is told to try again.
"""

from typing import NamedTuple

from cloud.store.db import Database
from cloud.wallet.line.problems import BUSY, CallRefused

NIGHTS_MAX = 1_000
_COLUMNS = "key, number, name, born, why, person, by_name, address, agent, at_ms"


class Night(NamedTuple):
    """key: of the act. number, name, born: of whom he means. person: who says so, 0: nobody has signed in; by_name:
    what he says he is called."""

    key: bytes
    number: str
    name: str
    born: str
    why: str
    person: int
    by_name: str
    address: str
    agent: str
    at_ms: int


def keep_night(db: Database, night: Night) -> None:
    """The same key is the same act. CallRefused: too many wait."""
    if db.run("SELECT 1 FROM night WHERE key = ?", (night.key,)):
        return
    ((waiting, last),) = db.run("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM night")
    if waiting >= NIGHTS_MAX:
        raise CallRefused(BUSY)
    db.insert("night", f"id, {_COLUMNS}", [(last + 1, *night)])


def oldest_night(db: Database) -> tuple[int, Night] | None:
    """Its number, and what was said."""
    rows = db.run(f"SELECT id, {_COLUMNS} FROM night ORDER BY id LIMIT 1")  # noqa: S608  # our own names
    return (int(rows[0][0]), Night(*rows[0][1:])) if rows else None


def forget_night(db: Database, number: int) -> None:
    """It was looked at."""
    db.run("DELETE FROM night WHERE id = ?", (number,))
