"""A campus of 50,000 cards by its real commands, in both databases: made, imported, each card sold to, verified."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.keys.client import KeyClient
from cloud.ledger.ledger import open_ledger
from cloud.ledger.records.values import Now, Received
from provisioning.plan.demo import demo_plan
from shared.ids import StorageId, StoreId
from shared.wire.messages import BATCH_MAX, EpochRequest
from tests.cloud.campus import Body, Campus, campus_now, key_process, make_campus, run_part
from tests.cloud.ledger.conftest import BOTH, database_of

CARDS = 50_000
FEN = 100
MS = 1_784_000_000_000
COMMAND_S = 900.0
STORE = StoreId(b"large---")

pytestmark = [pytest.mark.large, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    return make_campus(tmp_path_factory.mktemp("large"), demo_plan(CARDS), within_s=COMMAND_S)


@pytest.fixture(scope="module")
def socket(made: Campus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with key_process(made, tmp_path_factory.mktemp("keys")) as (_, path):
        yield path


@pytest.fixture(params=BOTH)
def dsn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from database_of(request, tmp_path)


def _sell_to_every_card(made: Campus, dsn: str, socket: Path) -> None:
    body = made.bodies()[0]
    with closing(open_ledger(dsn)) as ledger, KeyClient(socket) as keys:
        now = Now(MS, campus_now())
        ledger.assign_epoch(body.box, EpochRequest(1, body.device, StorageId(b"T" * 8), body.psam, 0), now)
        for batch in _batches(made, body):
            ledger.receive([batch], keys.check_tac, now)


def _batches(made: Campus, body: Body) -> Iterator[Received]:
    records = [purse.buy(body, 1, seq, FEN) for seq, purse in enumerate(made.purses(), 1)]
    for at in range(0, len(records), BATCH_MAX):
        part = tuple(records[at : at + BATCH_MAX])
        yield Received(body.box, made.partition(body.box), STORE, at + 1, part)


def test_fifty_thousand_cards_are_imported_sold_to_and_verified(made: Campus, dsn: str, socket: Path) -> None:
    where = ("--data", made.data, "--dsn", dsn)
    assert f"{CARDS} 张卡" in run_part("cloud", "import", *where, within_s=COMMAND_S)
    assert "0 张卡" in run_part("cloud", "import", *where, within_s=COMMAND_S)
    _sell_to_every_card(made, dsn, socket)
    said = run_part("cloud", "verify", *where, "--keys", socket, within_s=COMMAND_S)
    assert f"复核 TAC {CARDS} " in " ".join(said.split())
