"""PostgreSQL holds after any history what SQLite holds: every row of every table that receiving writes."""

from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import Received
from cloud.store.db import Row
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.test_order import History, ask

TABLES = (
    "batch", "record", "proof", "posting", "balance", "watermark", "device_mark", "psam_mark", "box_mark", "box_device",
    "suspense", "claim", "quarantine", "load_case", "fact",
)  # fmt: skip
STEPS = 30
SIZES = (1, 2, 3, 20, 40)


@pytest.fixture
def lite() -> Iterator[Ledger]:
    with closing(open_ledger(":memory:", c.LEDGER_ID)) as opened:
        opened.import_inventory(c.inventory(), c.NOW)
        yield opened


def _play(ledger: Ledger, seed: int) -> None:
    """Sales, grey records and loads, shuffled and partly doubled, one of them spoiled; batches small and large."""
    random = Random(seed)
    history = History(random)
    history.run(STEPS)
    for n in (1, 2, 3):
        ledger.deposit(c.card(n), 100_000, f"d{n}", c.NOW)
    ask(ledger, history)
    records = [*history.records, *random.choices(history.records, k=8), history.records[0][:-1]]
    random.shuffle(records)
    row = 1
    while row <= len(records):
        part = tuple(records[row - 1 : row - 1 + random.choice(SIZES)])
        ledger.receive([Received(c.BOX, c.PARTITION, c.STORE, row, part)], c.check_tac, c.NOW)
        row += len(part)
        if random.random() < 0.3:
            ledger.fold()


def _rows(ledger: Ledger, table: str) -> list[Row]:
    with ledger.database.reading():
        return sorted(map(tuple, ledger.database.run(f"SELECT * FROM {table}")), key=repr)  # noqa: S608  # ours


@pytest.mark.parametrize("seed", range(8))
def test_the_same_history_makes_the_same_rows(ledger: Ledger, lite: Ledger, seed: int) -> None:
    for one in (ledger, lite):
        _play(one, seed)
    for table in TABLES:
        assert _rows(ledger, table) == _rows(lite, table), table
    assert all(_rows(lite, table) for table in ("suspense", "load_case", "quarantine", "proof"))
