"""Which services the watch was told to look after, and where: kept, so that others may ask them when it is dead."""

from collections.abc import Iterable
from pathlib import Path

from cloud.store.db import Database
from cloud.watch.services.probes import Service
from shared.input.endpoint import host_port


def look_at(db: Database, services: Iterable[Service]) -> None:
    """From now on these, and no others."""
    with db.writing():
        db.run("DELETE FROM looked_at")
        db.insert("looked_at", "name, place", [(one.name, _text(one)) for one in services])


def service_of(name: str, place: str) -> Service:
    """As it is kept."""
    if place.startswith("/"):
        return Service(name, Path(place))
    return Service(name, host_port(place, name))


def _text(service: Service) -> str:
    return str(service.place) if isinstance(service.place, Path) else f"{service.place[0]}:{service.place[1]}"
