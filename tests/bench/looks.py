"""Card against ledger: what a look at the purses costs for each entry, beside what posting that entry cost.

The purses have a history, as on any day but the first: a look reads their newest steps, not all of them.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from secrets import token_hex

from cloud.ledger.findings.look import ENTRIES_MAX
from cloud.ledger.ledger import Ledger, open_ledger
from tests.bench.ledger import Ingest, Source, inventory, server
from tests.bench.row import Row
from tests.cloud.ledger import campus

HISTORY = 40
"""Batches before: some twenty purchases of each card."""
ROUNDS = 9
LOOKS = 16
"""Of a round."""


def rows() -> Iterator[Row]:
    """A row for each database."""
    with server() as cluster:
        yield _row("PostgreSQL", cluster.create_database(f"bench_{token_hex(4)}"))
    with tempfile.TemporaryDirectory() as folder:
        yield _row("SQLite", f"{folder}/ledger.db")


def _row(name: str, dsn: str) -> Row:
    ledger = open_ledger(dsn, campus.LEDGER_ID)
    try:
        ledger.import_inventory(inventory(), campus.NOW)
        ingest, source = Ingest(ledger), Source()
        ingest.round(source.messages(HISTORY), at_once=8)
        _look_at_all(ledger)
        found = [_round(ledger, ingest, source) for _ in range(ROUNDS)]
    finally:
        ledger.close()
    looked, posted = (sorted(values) for values in zip(*found, strict=True))
    spread = f"{looked[0]:,.0f} … {looked[-1]:,.0f}"
    return Row(
        f"a look for differences, {name}", statistics.median(looked), "µs/entry", "posting it, same run",
        statistics.median(posted), spread=spread,
    )  # fmt: skip


def _round(ledger: Ledger, ingest: Ingest, source: Source) -> tuple[float, float]:
    """Microseconds of an entry: of its look, and of its posting."""
    per_s = ingest.round(source.messages(1))["per_s"]
    ledger.fold()
    began = time.perf_counter()
    for _ in range(LOOKS):
        ledger.find_differences(campus.NOW)
    looked_s = time.perf_counter() - began
    _look_at_all(ledger)
    return looked_s / (LOOKS * ENTRIES_MAX) * 1e6, 1e6 / per_s


def _look_at_all(ledger: Ledger) -> None:
    while ledger.find_differences(campus.NOW):
        pass
