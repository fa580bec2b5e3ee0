"""What tests of the edge share."""

from collections.abc import Iterator

import pytest

from edge.card.sim.pcscd import PrivatePcscd, why_not
from edge.card.sim.server import CardServer
from tests.edge import rig
from tests.edge.readers import Readers, start_pcscd


@pytest.fixture(autouse=True)
def _close_fields() -> Iterator[None]:
    yield
    while rig.OPEN:
        rig.OPEN.pop().close()


@pytest.fixture(scope="session")
def pcscd() -> Iterator[tuple[PrivatePcscd, CardServer]]:
    """A pcscd of our own, two virtual readers; the test is skipped by the name of what is missing."""
    missing = why_not()
    if missing:
        pytest.skip(str(missing))
    yield from start_pcscd()


@pytest.fixture
def readers(pcscd: tuple[PrivatePcscd, CardServer]) -> Iterator[Readers]:
    """Both readers, empty."""
    both = Readers(*pcscd)
    yield both
    both.close()
