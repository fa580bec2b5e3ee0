"""What the pages read from. A page takes what it needs of it and no more."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from cloud.console.access.accounts import Accounts
from cloud.console.access.audit import Audit
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.read.reader import Reader
from cloud.process.settings import FOLDER, CloudSettings
from cloud.watch.store import WatchStore, open_watch


@dataclass(frozen=True, slots=True)
class Shown:
    """snapshot, fragment: the newest of the overview, and its part of the page in a language."""

    snapshot: Callable[[], dict[str, Any]]
    fragment: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Sources:
    """reader: the ledger's read side, which any thread may ask. dsn: the ledger's database, for whoever writes to it.
    api_token: the machine's own. Neither is in the repr. secure: cookies go by TLS alone."""

    live: Shown
    reader: Reader
    accounts: Accounts
    audit: Audit
    settings: CloudSettings
    dsn: str = field(repr=False)
    api_token: str = field(repr=False)
    secure: bool = True

    @contextmanager
    def watch(self) -> Iterator[WatchStore]:
        """The watch's file, for one request: a connection belongs to its thread."""
        with closing(open_watch(self.settings.data / FOLDER)) as store:
            yield store

    @contextmanager
    def books(self) -> Iterator[OpenedLedger]:
        """The ledger, to write to, for one request. StoreFault."""
        opened = open_prepared(self.dsn)
        try:
            yield opened
        finally:
            opened.database.close()
