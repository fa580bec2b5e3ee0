"""Floods as they are kept: those that last, and those that were. Inside of transactions of the watch's file."""

from collections.abc import Iterable

from cloud.store.db import Database
from cloud.watch.alarms.flood import Turned


def keep(db: Database, turned: Iterable[Turned]) -> None:
    """What has begun and ended."""
    db.upsert("flood", "scope, since_ms, until_ms", "scope, since_ms", list(turned))


def lasting(db: Database) -> dict[str, int]:
    """Scope → since when."""
    return dict(db.run("SELECT scope, since_ms FROM flood WHERE until_ms = 0 ORDER BY since_ms, scope"))


def since(db: Database, from_ms: int) -> list[Turned]:
    """All that lasted then or later, by time; until_ms 0: it lasts."""
    sql = "SELECT scope, since_ms, until_ms FROM flood WHERE until_ms = 0 OR until_ms > ? ORDER BY since_ms"
    return [Turned(*row) for row in db.run(sql, (from_ms,))]
