"""Card against ledger: what a look at the purses costs for each entry, beside what posting that entry cost.

The purses have a history, as on any day but the first: a look reads their newest steps, not all of them.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import Any

from cloud.ledger.findings import look as look_module
from cloud.ledger.findings.closing import counts
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
        yield _closing("PostgreSQL", cluster.create_database(f"bench_{token_hex(4)}"))
        yield _row("PostgreSQL", cluster.create_database(f"bench_{token_hex(4)}"))
    with tempfile.TemporaryDirectory() as folder:
        yield _row("SQLite", f"{folder}/ledger.db")
        yield _closing("SQLite", f"{folder}/closing.db")


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


CARDS, PURCHASES, WHOLE_MAX = 20_000, 3, 5.0
"""Of the row about cards that close: so many, so many purchases of each of a round, and percent of the CPU."""
OWN = ("close", "look_for_back", "look_for_copies", "known_of", "follow_differences", "due", "look_for_jumps", "lapse")
"""What keeps the cards current: functions that the look calls by these names."""


def _closing(name: str, dsn: str) -> Row:
    """Every card in order: the share of that in all that the ingest's ledger thread does, posting and looking."""
    ledger = open_ledger(dsn, campus.LEDGER_ID)
    spent = [0.0]
    before = {one: getattr(look_module, one) for one in OWN}
    try:
        ledger.import_inventory(inventory(CARDS), campus.NOW)
        box = campus.Box(ledger)
        for at in range(ROUNDS):
            _sell(box, at)
        began = time.thread_time()
        for one, does in before.items():
            setattr(look_module, one, _timed(does, spent))
        for at in range(ROUNDS, 2 * ROUNDS):
            _sell(box, at)
            _look_at_all(ledger)
        whole = time.thread_time() - began
        with ledger.database.reading():
            assert counts(ledger.database).cards == 0, "the bench's own cards do not close"
    finally:
        for one, does in before.items():
            setattr(look_module, one, does)
        ledger.close()
    percent = 100 * spent[0] / whole
    entries = ROUNDS * SOLD * PURCHASES
    return Row(
        f"20,000 cards kept current, {name}", spent[0] / entries * 1e6, "µs/entry", "ingest's CPU, same run",
        whole / entries * 1e6, goal=f"≤ {WHOLE_MAX:g} %", met=percent <= WHOLE_MAX, spread=f"{percent:.1f} %",
    )  # fmt: skip


SOLD = 200
"""Cards of a round."""


def _sell(box: campus.Box, at: int) -> None:
    """PURCHASES of SOLD cards, each following from the one before."""
    seq = at * SOLD * PURCHASES
    for n in range(SOLD):
        card, turn = campus.card(1 + (at % ROUNDS) * SOLD + n), at // ROUNDS
        for k in range(PURCHASES):
            counter, seq = turn * PURCHASES + k, seq + 1
            box.send(campus.stored(campus.purchase(seq, card, counter, 10, campus.OPENING - 10 * counter)))


def _timed(does: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    def timed(*given: Any) -> Any:  # whatever it takes
        began = time.thread_time()
        try:
            return does(*given)
        finally:
            spent[0] += time.thread_time() - began

    return timed
