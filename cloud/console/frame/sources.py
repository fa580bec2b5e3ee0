"""What the pages read from. A page takes what it needs of it and no more."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cloud.console.access.accounts import Accounts
from cloud.console.access.audit import Audit
from cloud.console.live.live import View
from cloud.fleet.enrol.asked import BoxOffice
from cloud.fleet.signing import DocumentSigner
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.read.reader import Reader
from cloud.process.settings import FOLDER, CloudSettings
from cloud.watch.store import WatchStore, open_watch
from shared.clocks.campus_clock import WALL, CampusClock
from shared.errors import ConfigFault
from shared.words.voice import Text

CONSOLE_FILE = "console.db"


@dataclass(frozen=True, slots=True)
class Shown:
    """snapshot, fragment: the newest of the overview, and what a view of it takes of it. moved: a mark of each subject,
    another one than before where something has happened. as_of: when it was read, as text."""

    snapshot: Callable[[], dict[str, Any]]
    fragment: Callable[[View], str]
    moved: Callable[[], dict[str, str]] = dict
    as_of: Callable[[], str] = str


def nobody_signs() -> AbstractContextManager[DocumentSigner]:
    """ConfigFault: a console that was given no key process."""
    raise ConfigFault(Text("本台没有签发指令的密钥进程", "this console has no key process that signs orders"))


def nobody_enrols() -> AbstractContextManager[BoxOffice]:
    """ConfigFault: a console that was given no signer."""
    raise ConfigFault(Text("本台没有签发进程", "this console has no signer"))


@dataclass(frozen=True, slots=True)
class Sources:
    """reader: the ledger's read side, which any thread may ask. dsn: the ledger's database, for whoever writes to it.
    api_token: the machine's own. Neither is in the repr. secure: cookies go by TLS alone. signer: the key process where
    persons order terminals about, for one request (ConfigFault, KeyFault: it is away). clock: the campus', or a
    replay's. office: the signer of boxes, for one request (ConfigFault, KeyFault: it is away)."""

    live: Shown
    reader: Reader
    accounts: Accounts
    audit: Audit
    settings: CloudSettings
    dsn: str = field(repr=False)
    api_token: str = field(repr=False)
    secure: bool = True
    signer: Callable[[], AbstractContextManager[DocumentSigner]] = nobody_signs
    clock: Callable[[], CampusClock] = lambda: WALL
    office: Callable[[], AbstractContextManager[BoxOffice]] = nobody_enrols

    def one_look(self) -> "Sources":
        """The same for one page: the ledger is asked nothing twice, and so the page is of one moment."""
        return replace(self, reader=self.reader.one_look())

    @property
    def file(self) -> Path:
        """The console's own: tables of pages stand beside the accounts."""
        return self.settings.data / FOLDER / CONSOLE_FILE

    @contextmanager
    def watch(self) -> Iterator[WatchStore]:
        """The watch's file, for one request: a connection belongs to its thread."""
        with watch_of(self.settings.data / FOLDER) as store:
            yield store

    @contextmanager
    def books(self) -> Iterator[OpenedLedger]:
        """The ledger, to write to, for one request. StoreFault."""
        opened = open_prepared(self.dsn, lazily=True)
        try:
            yield opened
        finally:
            opened.database.close()


@contextmanager
def watch_of(folder: Path) -> Iterator[WatchStore]:
    """The watch's file in the cloud's folder, for as long as the block lasts."""
    with closing(open_watch(folder)) as store:
        yield store
