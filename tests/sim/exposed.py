"""The law of exposure: what a terminal had sold and not brought is never more than the exposure that was told of it.

In the delivery of losses.py: halfway the exposure is told, and what comes afterwards is what would have been lost if
the terminals had burnt then. What is asked is eleven minutes later, so that nobody is heard any more.
"""

import sqlite3
from collections import Counter
from typing import TYPE_CHECKING

from cloud.ledger.ledger import Ledger
from cloud.ledger.read.shown import exposure as read_exposure
from cloud.ledger.read.shown.risk import Risk
from cloud.ledger.records.values import Now
from shared.records import STORED, STORED_HEAD, PurchaseRecord, decode
from tests.sim.disk import deed_of
from tests.sim.ingest_part import IngestPart
from tests.sim.truth import Deed
from tests.sim.world import Violation

if TYPE_CHECKING:
    from tests.sim.campus import Campus

LATER_S = 11 * 60
"""Above which nobody counts as heard."""


class Exposed:
    """What was told halfway, beside what came."""

    def __init__(self, campus: "Campus", ledger: Ledger, database: sqlite3.Connection) -> None:
        self._campus, self._ledger, self._database = campus, ledger, database
        self._there: set[Deed] = set()
        self._told: Risk | None = None

    def tell(self) -> None:
        """Halfway."""
        now = self._campus.ingest.now()
        later = Now(now.unix_ms + LATER_S * 1000, now.campus_s + LATER_S)
        self._told = self._campus.ingest.exposure(self._ledger, later)
        self._there = {deed for _, deed in self._sold()}

    def check(self) -> None:
        """When all has come."""
        told, deeds, came = self._told, self._campus.judge.deeds, Counter[bytes]()
        if told is None:
            raise Violation("exposure", "nobody has told it")
        for device, deed in self._sold():
            if deed not in self._there and deed in deeds:
                came[device] += deeds[deed][1].amount_fen
                self._there.add(deed)
        for one in told.terminals:
            most = one.arrears_fen + one.silent_fen
            if came[one.till.device] > most:
                fen = came[one.till.device]
                raise Violation("exposure", f"{one.till.name}: {fen} fen were not brought, {most} were told")
        known = {one.till.device for one in told.terminals}
        lost, most = sum(fen for device, fen in came.items() if device in known), told.arrears_fen + told.silent_fen
        if lost > most:
            raise Violation("exposure", f"{lost} fen were not brought in all, {most} were told")

    def _sold(self) -> list[tuple[bytes, Deed]]:
        found = []
        for (stored,) in self._database.execute("SELECT stored FROM record ORDER BY id"):
            device, *_ = STORED.unpack(stored[:STORED_HEAD])
            if isinstance(decode(stored[STORED_HEAD:]), PurchaseRecord):
                found.append((device, deed_of(stored[STORED_HEAD:])))
        return found


class HearsTheSilent(IngestPart):
    """Of a terminal that nobody hears the exposure says what it owed when it was heard, and no more."""

    def exposure(self, ledger: Ledger, at: Now) -> Risk:
        silent, read_exposure._is_silent = read_exposure._is_silent, lambda *_: False
        try:
            return super().exposure(ledger, at)
        finally:
            read_exposure._is_silent = silent
