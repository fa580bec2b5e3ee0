"""Orders of terminals on cables as somebody has walked them: a table of the console's own file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cloud.store.own_tables import OwnTables

_SCHEMA = """CREATE TABLE IF NOT EXISTS lane_order (
  box TEXT NOT NULL, link TEXT NOT NULL, devices TEXT NOT NULL, who TEXT NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (box, link)) STRICT"""


class LaneOrder(NamedTuple):
    """devices: from the box on, as addresses have them. A terminal that has come since stands last."""

    devices: tuple[str, ...]
    who: str
    at_ms: int


class LaneOrders:
    """Over the console's file. Each call opens it, so any thread may."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, _SCHEMA)

    def all(self) -> dict[str, LaneOrder]:
        """By `box/link`."""
        with self._tables.reading() as db:
            rows = db.run("SELECT box, link, devices, who, at_ms FROM lane_order")
        return {f"{box}/{link}": LaneOrder(tuple(json.loads(text)), who, at) for box, link, text, who, at in rows}

    def keep(self, box: str, link: str, devices: Sequence[str], who: str, at_ms: int) -> None:
        """In the place of what was kept."""
        with self._tables.writing() as db:
            db.run("DELETE FROM lane_order WHERE box = ? AND link = ?", (box, link))
            row = (box, link, json.dumps(list(devices)), who, at_ms)
            db.insert("lane_order", "box, link, devices, who, at_ms", [row])

    def drop(self, box: str, link: str) -> None:
        """The box's own order again."""
        with self._tables.writing() as db:
            db.run("DELETE FROM lane_order WHERE box = ? AND link = ?", (box, link))
