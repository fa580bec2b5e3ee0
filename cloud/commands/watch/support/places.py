"""Where services are, for who looks at them: as the command line says, else as the watch was told (watch.db)."""

from pathlib import Path
from typing import NamedTuple

from cloud.process.settings import FOLDER
from cloud.store.db import read_file
from cloud.watch.services.places import service_of
from cloud.watch.store import FILE as WATCH_FILE
from shared.errors import YktError

Place = tuple[str, int] | Path


class Around(NamedTuple):
    """given: places by the names of services; is_tls: is the broker spoken to by mutual TLS?"""

    data: Path
    dsn: str | None
    given: dict[str, Place]
    is_tls: bool


def services(around: Around) -> dict[str, Place]:
    """All that are known."""
    return _noted(around.data) | around.given


def place_of(around: Around, name: str) -> Place | None:
    """None: nobody has said."""
    return services(around).get(name)


def _noted(data: Path) -> dict[str, Place]:
    file = data / FOLDER / WATCH_FILE
    if not file.exists():
        return {}
    try:
        rows = read_file(file, "SELECT name, place FROM looked_at ORDER BY name")
        return {one.name: one.place for one in (service_of(*row) for row in rows)}
    except (YktError, ValueError):
        return {}
