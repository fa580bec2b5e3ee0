"""The watch under 1,000 facts a second for ten minutes: what it costs stays what it was."""

from collections.abc import Iterator

from tests.bench.row import Row
from tests.bench.watch import many

SECONDS = 600


def rows() -> Iterator[Row]:
    """As the minute's."""
    yield from many(SECONDS)
