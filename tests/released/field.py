"""A kept data folder in use: the parts of its campus by the launcher's own command lines, and nobody comes to sell.

The campus clock is given, so that nothing here depends on the day on which it runs; and no part speaks TLS, for a
certificate ends two years after the folder was made, by the clock of the machine.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloud.ledger.read.reader import Reader, open_reader
from cloud.process.settings import load_settings
from compose.servers.servers import embedded_broker
from tests.scenes.campus import Campus


class Field(Campus):
    """Use as `async with`. Where the ledger is, the folder says itself: ledger.dsn, else its SQLite file."""

    def __init__(self, room: Path, campus_s: int) -> None:
        """campus_s: campus seconds when it begins."""
        super().__init__(room)
        self._habits = dict.fromkeys(self._habits, ())
        self.where = replace(self.where, clock=f"{campus_s}:{time.time():.3f}:1")
        self.parts = self._made(embedded_broker)

    async def drain(self) -> None:
        """All parts are started, the torn cards are presented again, and everything goes to the ledger."""
        await self.open()
        await self.until_joined()
        await self.close_shop()

    async def until_joined(self) -> None:
        """Every terminal is known to its box: what only the centre can settle can be asked."""
        await self.until("all terminals joined", lambda: all(self._has_joined(name) for name in self.bodies))

    def _has_joined(self, name: str) -> bool:
        """Or is kept out for good, as a stolen body is."""
        said = self.status(name)
        return bool(said.get("joins")) or said.get("why") == "revoked"


@contextmanager
def books(data: Path) -> Iterator[Reader]:
    """The ledger of a campus, to read."""
    with closing(open_reader(load_settings(data).books(None))) as reader:
        yield reader


def asked(reader: Reader, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of the ledger, whichever database it is in."""
    with reader.database.reading():
        return [tuple(row) for row in reader.database.run(sql, values)]
