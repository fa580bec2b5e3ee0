"""The cycle collector stays away from what stands, and still finds cycles."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from cloud.ingest.collector import COLLECT_EVERY, spare_what_stands


class Ring:
    """Holds itself: only the collector can let it go."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_what_stands_is_left_alone_and_a_cycle_ends_within_its_bound():
    old = Ring()
    spare_what_stands()
    gone = weakref.ref(Ring())
    keep = [[] for _ in range(COLLECT_EVERY + 10)]
    assert gone() is None, "a cycle that came later is found"
    assert keep
    standing = weakref.ref(old)
    del old
    gc.collect()
    assert standing() is not None, "what stood when the ledger opened is not looked at again"
