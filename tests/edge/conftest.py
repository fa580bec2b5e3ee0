"""What tests of the edge share."""

from collections.abc import Iterator

import pytest

from tests.edge import rig


@pytest.fixture(autouse=True)
def _close_fields() -> Iterator[None]:
    yield
    while rig.OPEN:
        rig.OPEN.pop().close()
