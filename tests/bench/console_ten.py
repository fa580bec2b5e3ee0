"""A wall page of the console for ten minutes, over 5,000 terminals that go on telling: its memory stays what it was."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.console import BOXES, made, wall
from tests.bench.row import Row

SECONDS = 600


def rows() -> Iterator[Row]:
    """As the minute's."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, made(Path(folder), BOXES) as (room, address):
        yield from wall(room, address, SECONDS)
