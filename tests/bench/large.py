"""A campus of 50,000 cards beside one of 1,000: imported, sold to, verified; what a card or a record costs in each."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from secrets import token_hex

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import open_ledger
from tests.bench.ledger import BATCH, Ingest, Source, inventory, server
from tests.bench.row import Row
from tests.cloud.ledger import campus

SMALL, LARGE = 1_000, 50_000
MESSAGES = 100
"""A record for each card of the large campus; the small one gets as many."""
ROUND = 10

Costs = dict[str, list[float]]
"""µs a card or a record, of each round."""


def rows() -> Iterator[Row]:
    """On PostgreSQL, then on SQLite."""
    with server() as cluster:
        dsns = [cluster.create_database(f"bench_{token_hex(4)}") for _ in range(2)]
        yield from _rows("PostgreSQL", *dsns)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield from _rows("SQLite", f"{folder}/small.db", f"{folder}/large.db")


def _rows(name: str, small_dsn: str, large_dsn: str) -> Iterator[Row]:
    small, large = _costs(small_dsn, SMALL), _costs(large_dsn, LARGE)
    for what, unit in (("import", "µs/card"), ("posting", "µs/record"), ("verify", "µs/record")):
        value, beside = statistics.median(large[what]), statistics.median(small[what])
        spread = f"{min(large[what]):,.1f} … {max(large[what]):,.1f}" if len(large[what]) > 1 else ""
        title = f"{what}, {LARGE:,} cards, {name}"
        yield Row(title, value, unit, f"{SMALL:,} cards", beside, spread=spread)


def _costs(dsn: str, cards: int) -> Costs:
    ledger = open_ledger(dsn, campus.LEDGER_ID)
    try:
        began_s = time.perf_counter()
        ledger.import_inventory(inventory(cards), campus.NOW)
        imported_s = time.perf_counter() - began_s
        ingest, source = Ingest(ledger), Source(cards)
        rates = [ingest.round(source.messages(ROUND))["per_s"] for _ in range(MESSAGES // ROUND)]
        began_s = time.perf_counter()
        report = verify(ledger, campus.check_tac)
        verified_s = time.perf_counter() - began_s
    finally:
        ledger.close()
    if not report.ok:
        raise RuntimeError(f"the bench's own books are not true: {report.first_broken}")
    return {
        "import": [imported_s / cards * 1e6],
        "posting": [1e6 / per_s for per_s in rates],
        "verify": [verified_s / (MESSAGES * BATCH) * 1e6],
    }
