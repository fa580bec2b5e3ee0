"""What terminals served and refused, by business day and generation of their parameters. Inside of a transaction.

Totals since a power-on: a later word of the same power-on takes the place of the one before. KEPT_DAYS are kept. They
are a terminal's word, and nothing is booked by them.
"""

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from cloud.store.db import Database
from shared.wire import codec
from shared.wire.fleet_lane import Tallied

KEPT_DAYS = 35
_KEY = "device = ? AND day = ? AND generation = ? AND boot = ?"


class Tally(NamedTuple):
    """Of one terminal on one day under one generation, all power-ons together."""

    device: bytes
    day: int
    generation: int
    served: int
    reasons: Counter[int]

    @property
    def declined(self) -> int:
        """For whatever reason."""
        return self.reasons.total()


def keep_tally(db: Database, said: Tallied, now_ms: int) -> None:
    """The larger of two words of one power-on counts, for the broker may bring them in another order."""
    key = said.device, said.day, said.generation, said.boot
    declined = sum(one.times for one in said.declines)
    rows = db.run(f"SELECT served + declined FROM device_tally WHERE {_KEY}", key)  # noqa: S608  # ours
    if rows and rows[0][0] >= said.served + declined:
        return
    db.run(f"DELETE FROM device_tally WHERE {_KEY}", key)  # noqa: S608  # ours
    row = (*key, said.served, declined, codec.dumps([list(one) for one in said.declines]), now_ms)
    db.insert("device_tally", "device, day, generation, boot, served, declined, reasons, at_ms", [row])


def forget_old(db: Database, device: bytes, today: int) -> None:
    """What this terminal told of days longer ago than KEPT_DAYS, and of days that will not come for as long."""
    days = today - KEPT_DAYS, today + KEPT_DAYS
    db.run("DELETE FROM device_tally WHERE device = ? AND (day < ? OR day > ?)", (device, *days))


class Life(NamedTuple):
    """What one terminal has told since one power-on, of one day and generation. key: which of these."""

    key: tuple[bytes, int, int, int]
    served: int
    reasons: dict[int, int]

    @property
    def device(self) -> bytes:
        """Whose."""
        return self.key[0]


def told_since(db: Database, day: int, at_ms: int) -> list[Life]:
    """What came since then, of that business day and later ones: all that was counted, not only what is new."""
    rows = db.run(
        "SELECT device, day, generation, boot, served, reasons FROM device_tally WHERE day >= ? AND at_ms >= ?",
        (day, at_ms),
    )
    return [Life((bytes(row[0]), *row[1:4]), row[4], dict(codec.loads(bytes(row[5])))) for row in rows]


def tallies(db: Database, devices: Collection[bytes], since: int) -> list[Tally]:
    """Of these terminals, from that day on."""
    rows = db.run(
        "SELECT device, day, generation, served, reasons FROM device_tally WHERE day >= ? ORDER BY device", (since,)
    )
    found: dict[tuple[bytes, int, int], Tally] = {}
    for device, day, generation, served, raw in rows:
        if bytes(device) not in devices:
            continue
        key = bytes(device), day, generation
        before = found.get(key, Tally(*key, 0, Counter()))
        reasons = before.reasons + Counter(dict(codec.loads(bytes(raw))))
        found[key] = Tally(*key, before.served + served, reasons)
    return [*found.values()]
