from collections.abc import Iterator

import pytest

from cloud.process.settings import load_settings
from tests.cloud.campus import Campus
from tests.cloud.wallet.rig import Rig, make_rig


@pytest.fixture
def rig(campus: Campus) -> Iterator[Rig]:
    made = make_rig(load_settings(campus.data).dsn(None), [row.label for row in campus.inventory.cards[:2]])
    yield made
    made.site.ledger.close()
    made.site.people.close()
