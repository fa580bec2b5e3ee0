"""Planted defects about backup marks: see defects.py."""

import sqlite3
from collections.abc import Mapping

from cloud.ledger.journal.mark_rows import BoxKey
from edge.box.values.effects import Effect, KeepBackupMark
from tests.sim.edge_part import EdgePart
from tests.sim.ingest_part import IngestPart


class MarksWhatItHolds(IngestPart):
    """Tells boxes of what the ledger holds when a backup is over, not of what is in there."""

    def rows_backed_up(self, copy: sqlite3.Connection) -> Mapping[BoxKey, int]:
        return super().rows_backed_up(self.database)


class CoversAll(EdgePart):
    """Takes a mark for leave to drop all that is settled."""

    def _do(self, effects: list[Effect]) -> None:
        super()._do([KeepBackupMark(1 << 62) if isinstance(one, KeepBackupMark) else one for one in effects])
