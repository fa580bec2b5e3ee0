"""What tests of the ledger's commands share."""

from contextlib import closing
from pathlib import Path

import pytest

from cloud.ledger.ledger import open_ledger
from tests.cloud.campus import Campus
from tests.cloud.ledger import campus as c


@pytest.fixture
def early(provisioned: Campus, tmp_path: Path) -> Path:
    """A campus folder whose ledger is the small campus of the ledger's tests, without a record."""
    folder = provisioned.copy_to(tmp_path / "data").data
    file = folder / "cloud" / "ledger.db"
    file.unlink(missing_ok=True)
    with closing(open_ledger(str(file), c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
    return folder
