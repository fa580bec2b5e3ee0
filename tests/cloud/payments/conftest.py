"""The small campus of the ledger's tests, made once."""

from pathlib import Path

import pytest

from cloud.ledger.ledger import open_ledger
from tests.cloud.ledger.campus import LEDGER_ID, NOW, inventory


@pytest.fixture(scope="session")
def campus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("payments") / "campus.db"
    ledger = open_ledger(str(path), LEDGER_ID)
    ledger.import_inventory(inventory(), NOW)
    ledger.close()
    return path
