"""Devices from which somebody has signed in 登录过的设备, for the message that tells of a new one. In a transaction.

A device is what its browser says of itself, without figures: an update of the browser is no new device. Who signs in
for the first time is told nothing. Bound: DEVICES_MAX a person; the one that came first goes.
"""

import re
from typing import NamedTuple

from cloud.store.db import Database

DEVICES_MAX = 30
TABLES = (
    """CREATE TABLE IF NOT EXISTS device_seen (person INTEGER NOT NULL, agent TEXT NOT NULL, address TEXT NOT NULL,
    at_ms INTEGER NOT NULL, is_new INTEGER NOT NULL, PRIMARY KEY (person, agent))""",
)
_FIGURES = re.compile(r"[0-9._]+")


class SignedIn(NamedTuple):
    """From where and when, the first time."""

    address: str
    at_ms: int


def note_device(db: Database, person: int, address: str, agent: str, now_ms: int) -> None:
    """Before his session is there. Those of before this was noted are his sessions' of now."""
    known = _known(db, person)
    if not known:
        sessions = db.run("SELECT agent, address, made_ms FROM session WHERE person = ?", (person,))
        for other, where, at_ms in sessions:
            _keep(db, person, other, (where, at_ms, 0))
        known = {_name(other) for other, _, _ in sessions}
    if _name(agent) not in known:
        _keep(db, person, agent, (address, now_ms, int(bool(known))))


def new_devices(db: Database, person: int) -> list[SignedIn]:
    """Newest first."""
    sql = "SELECT address, at_ms FROM device_seen WHERE person = ? AND is_new = 1 ORDER BY at_ms DESC"
    return [SignedIn(*row) for row in db.run(sql, (person,))]


def _known(db: Database, person: int) -> set[str]:
    return {agent for (agent,) in db.run("SELECT agent FROM device_seen WHERE person = ?", (person,))}


def _keep(db: Database, person: int, agent: str, seen: tuple[str, int, int]) -> None:
    db.upsert("device_seen", "person, agent, address, at_ms, is_new", "person, agent", [(person, _name(agent), *seen)])
    db.run(
        "DELETE FROM device_seen WHERE person = ? AND agent IN "
        "(SELECT agent FROM device_seen WHERE person = ? ORDER BY at_ms DESC LIMIT -1 OFFSET ?)",
        (person, person, DEVICES_MAX),
    )


def _name(agent: str) -> str:
    return _FIGURES.sub("", agent)
