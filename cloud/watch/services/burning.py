"""How fast the error budget of time to ledger burns: the share of the last hour's records that came late.

Looked at once in LOOK_S, over SAMPLE records at most. Of fewer than LEAST nothing is said: one late record of three is
no share. A goal's whole month would be spent at 1 %; at 14.4 % it is spent in two days.
"""

from collections.abc import Iterator

from cloud.ledger.read.reader import Reader
from cloud.store.db import Database
from cloud.watch.alarms.terms import CAMPUS, Kind, Signal
from cloud.watch.services.goals import Arrival, Stretch, to_ledger
from cloud.watch.services.spells import Up, spells

LOOK_S = 60
HOUR_MS = 3_600_000
SAMPLE = 1000
LEAST = 50


class Burning:
    """Over the watch's file. speed: of the campus clock, for in a replay its seconds are short ones."""

    def __init__(self, db: Database, speed: float) -> None:
        self._db, self._speed = db, speed
        self._looked_ms = 0

    def signals(self, reader: Reader, now_ms: int) -> Iterator[Signal]:
        """None but once in LOOK_S. StoreFault: the ledger is away."""
        if abs(now_ms - self._looked_ms) >= LOOK_S * 1000:
            self._looked_ms = now_ms
            yield Signal("ledger-late", CAMPUS, now_ms, self._late(reader, now_ms))

    def _late(self, reader: Reader, now_ms: int) -> float | None:
        found = reader.arrivals(now_ms - HOUR_MS, now_ms, SAMPLE)
        arrived = [one._replace(delay_s=int(one.delay_s / self._speed)) for one in found.sample]
        outcome = to_ledger([Arrival(*one) for one in arrived], found.total, self._online(now_ms))
        return 100 * (1 - (outcome.share or 0)) if outcome.good + outcome.bad >= LEAST else None

    def _online(self, now_ms: int) -> dict[str, list[Stretch]]:
        with self._db.reading():
            kept = spells(self._db, now_ms - 2 * HOUR_MS)
        found: dict[str, list[Stretch]] = {}
        for one in kept:
            if one.source.kind is Kind.BOX and one.state is Up.UP:
                found.setdefault(one.source.name, []).append(Stretch(one.from_ms, one.until_ms or now_ms))
        return found
