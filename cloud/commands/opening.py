"""What every command of the ledger begins with: the books of a data folder, and the time on the wall."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cloud.ledger.read.reader import Reader, open_reader
from cloud.ledger.records.values import Now
from cloud.ledger.schema.migrate import require_head
from cloud.process.settings import load_settings
from shared.clocks.campus_clock import WALL


@contextmanager
def open_books(data: Path, dsn: str | None) -> Iterator[Reader]:
    """The ledger of a data folder, to read; ConfigFault when there is none."""
    with closing(open_reader(load_settings(data).books(dsn))) as reader:
        require_head(reader.database)
        yield reader


def wall_now() -> Now:
    """This machine's clock as both of the ledger's clocks."""
    unix_s = time.time()
    return Now(int(unix_s * 1000), WALL.at(unix_s))
