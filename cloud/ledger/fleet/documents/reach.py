"""How far a card's listing, or its taking off, has come: which terminals use a hotlist that says so.

Who is heard is what its STATUS says; of a terminal that is away nobody knows more than that it is away.
"""

from typing import NamedTuple

from cloud.ledger.fleet.documents.reported import hotlists_in_use
from cloud.ledger.records.values import Now
from cloud.store.db import Database

HEARD_MS = 60_000
"""A terminal whose STATUS is older than this is away."""


class CardReach(NamedTuple):
    """generation: the first hotlist that says it; 0: none was made yet. Names of terminals."""

    generation: int
    there: tuple[str, ...]
    late: tuple[str, ...]
    away: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Does every terminal that is heard follow it?"""
        return self.generation > 0 and not self.late


def reach_of(db: Database, card: bytes, now: Now) -> CardReach:
    """As the books have the card now. Inside of a snapshot."""
    generation, used = _said_since(db, card), hotlists_in_use(db)
    found: dict[str, list[str]] = {"there": [], "late": [], "away": []}
    for device, name, at_ms in db.run(
        "SELECT d.device, d.name, s.at_ms FROM device d LEFT JOIN device_status s ON s.device = d.device "
        "ORDER BY d.name"
    ):
        one = used.get(bytes(device))
        if one is not None and 0 < generation <= one.generation:
            found["there"].append(name)
        else:
            found["late" if at_ms is not None and now.unix_ms - at_ms < HEARD_MS else "away"].append(name)
    return CardReach(generation, *(tuple(names) for names in found.values()))


def _said_since(db: Database, card: bytes) -> int:
    """The first of the newest hotlists that all say of the card what the books say; 0: the newest one does not."""
    is_listed = bool(db.run("SELECT 1 FROM hotlisted WHERE card = ?", (card,)))
    rows = db.run("SELECT since, until FROM hotlist_named WHERE card = ? ORDER BY since DESC LIMIT 1", (card,))
    since, until = rows[0] if rows else (0, 1)
    if is_listed != (until is None):
        return 0
    return int(since if until is None else until)
