"""What tests of the edge share."""

from collections.abc import Iterator

import pytest

from edge.card.sim.pcscd import PrivatePcscd
from edge.card.sim.server import CardServer
from tests.edge import rig
from tests.edge.readers import Readers


@pytest.fixture(autouse=True)
def _close_fields() -> Iterator[None]:
    yield
    while rig.OPEN:
        rig.OPEN.pop().close()


@pytest.fixture
def readers(pcscd: tuple[PrivatePcscd, CardServer]) -> Iterator[Readers]:
    """Both readers, empty."""
    both = Readers(*pcscd)
    yield both
    both.close()
