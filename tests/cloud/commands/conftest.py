"""What tests of the ledger's commands share."""

from pathlib import Path

import pytest

from tests.cloud.campus import Campus
from tests.cloud.ledger import fresh


@pytest.fixture
def early(provisioned: Campus, tmp_path: Path) -> Path:
    """A campus folder whose ledger is the small campus of the ledger's tests, without a record."""
    folder = provisioned.copy_to(tmp_path / "data").data
    file = folder / "cloud" / "ledger.db"
    file.unlink(missing_ok=True)
    fresh.lay(file)
    return folder
