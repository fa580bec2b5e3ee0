"""The law of losses: what a lost card spends after its report is booked to 挂失后损失 once, and nothing else is.

When the day is over, all that the boxes held is delivered anew to a fresh ledger. Halfway most terminals tell a number
and some cards are reported lost. What is above the number is after the report; of a terminal that was silent the
record's own time decides. Both are read off the records' bytes and what was told, not off what the ledger wrote down.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from cloud.ledger.books.chart import LOSS
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.held.losses.reports import Report
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from shared.ids import BoxId, DeviceId, PsamId
from shared.records import STORED, STORED_HEAD, PurchaseRecord, decode, parse_flags
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.sim.books import Books
from tests.sim.disk import deed_of
from tests.sim.exposed import Exposed
from tests.sim.ingest_part import IngestPart, copy_of
from tests.sim.ledgers import fresh_ledger
from tests.sim.replay import deliver
from tests.sim.terminal_part import TerminalPart
from tests.sim.truth import Deed
from tests.sim.world import Violation, World

if TYPE_CHECKING:
    from tests.sim.campus import Campus

EVERY = 4
"""A delivery of its own in so many seeds."""
CARDS = 12
SILENT = 0.2
"""So many terminals tell nothing."""
Stream = tuple[bytes, int]


class Sold(NamedTuple):
    """A record of a purchase."""

    stream: Stream
    psam: bytes
    said: PurchaseRecord
    deed: Deed


class Loss:
    """Some cards are lost, halfway. told: the last number of each stream; heard: terminals that have just said it."""

    def __init__(self, campus: "Campus", ledger: Ledger, database: sqlite3.Connection) -> None:
        self._campus, self._ledger, self._database = campus, ledger, database
        self._random = World(campus.world.seed + 1).random
        self.cards = {card.card: card.label for card in self._random.sample(campus.cards, CARDS)}
        self.told: dict[Stream, int] = {}
        self.heard: set[bytes] = set()
        self.at: Now = campus.ingest.now()

    def report(self) -> None:
        """STATUS of the terminals, then the reports."""
        psams: dict[Stream, bytes] = {}
        for (stored,) in self._database.execute("SELECT stored FROM record"):
            device, epoch, psams[device, epoch] = STORED.unpack(stored[:STORED_HEAD])
            seq = int.from_bytes(stored[STORED_HEAD + 4 : STORED_HEAD + 8], "big")
            self.told[device, epoch] = max(seq, self.told.get((device, epoch), 0))
        for terminal in self._campus.terminals:
            if self._random.random() >= SILENT:
                self._tell(terminal, psams)
        for number, label in enumerate(sorted(self.cards.values())):
            wish = Wish(number.to_bytes(16, "big"), "A", label, "lost")
            DeskLedger(self._ledger.opened).report_lost(wish, self.at)

    def _tell(self, terminal: TerminalPart, psams: dict[Stream, bytes]) -> None:
        device = terminal.device
        self.heard.add(device)
        mine = sorted(stream for stream in psams if stream[0] == device)
        for stream in mine:
            self.told[stream] += self._random.randint(0, 3)
        rows = tuple(EpochStatus(one[1], PsamId(psams[one]), 1, self.told[one], 0, 0) for one in mine)
        status = DeviceStatus(DeviceId(device), rows, 1, 1, 1, True, 1, 1)
        self._ledger.store_status(BoxId(terminal.made.box), status, self.at.unix_ms)

    def is_after(self, one: Sold) -> bool:
        """Was it spent after the report? Of a terminal that was silent its record's own time says it, if it has one."""
        if one.said.seq <= self.told.get(one.stream, 0):
            return False
        if one.stream[0] in self.heard:
            return True
        return not parse_flags(one.said.flags).clock_set or one.said.time > self.at.campus_s


def sold(database: sqlite3.Connection) -> list[Sold]:
    """All records of purchases that the ledger has."""
    found = []
    for (stored,) in database.execute("SELECT stored FROM record"):
        device, epoch, psam = STORED.unpack(stored[:STORED_HEAD])
        said = decode(stored[STORED_HEAD:])
        if isinstance(said, PurchaseRecord):
            found.append(Sold((device, epoch), psam, said, deed_of(stored[STORED_HEAD:])))
    return found


def check_losses(campus: "Campus") -> None:
    """Deliver again, with reports of loss in between; look at what was booked."""
    if campus.world.seed % EVERY:
        return
    with closing(copy_of(fresh_ledger())) as database:
        ledger = campus.ingest.open(database, lambda point: None)
        loss, exposed = Loss(campus, ledger, database), Exposed(campus, ledger, database)

        def halfway() -> None:
            loss.report()
            exposed.tell()

        deliver(campus, ledger, halfway)
        exposed.check()
        while ledger.find_differences(loss.at):
            pass
        books = Books(campus.judge.deeds)
        books.committed(database)
        _compare(loss, books, database)


def _compare(loss: Loss, books: Books, database: sqlite3.Connection) -> None:
    booked, after = _booked(database), dict[Deed, set[bool]]()
    for one in sold(database):
        if one.said.card in loss.cards:
            after.setdefault(one.deed, set()).add(loss.is_after(one))
    for deed, said in after.items():
        kept = books.amounts[deed] - books.voided[deed]
        if len(said) == 1 and booked[deed] != (kept if said == {True} else 0):
            raise Violation("loss", f"{deed}: {kept} fen spent, after its report: {said}, booked {booked[deed]}")
    if extra := booked.keys() - after.keys():
        raise Violation("loss", f"{min(extra)} is booked as a loss and was not lost")
    if books.balances[LOSS.code] != booked.total():
        raise Violation("loss", f"{books.balances[LOSS.code]} fen of losses, for {booked.total()} fen of purchases")


def _booked(database: sqlite3.Connection) -> Counter[Deed]:
    """What of each deed stands as a loss, fen."""
    found: Counter[Deed] = Counter()
    query = (
        "SELECT r.stored, SUM(CASE p.kind WHEN ? THEN p.fen ELSE -p.fen END) FROM posting p "
        "JOIN loss l ON p.entry = l.entry OR p.entry = l.undone JOIN record r ON r.id = l.record "
        "WHERE p.kind IN (?, ?) GROUP BY r.id"
    )
    kinds = int(EntryKind.LOSS_BORNE), int(EntryKind.LOSS_BORNE), int(EntryKind.LOSS_TAKEN_BACK)
    for stored, fen in database.execute(query, kinds):
        found[deed_of(stored[STORED_HEAD:])] += fen
    return found


class GoesByTheClock(IngestPart):
    """What a terminal had told does not count: every record is asked for its own time."""

    def open(self, database: Any, at: Callable[[str], None]) -> Ledger:
        ledger = super().open(database, at)
        look = ledger.find_differences

        def by_the_clock(now: Now) -> bool:
            true = Report.is_after
            Report.is_after = lambda self, *_: true(self._replace(told={}), *_)  # type: ignore[method-assign]
            try:
                return look(now)
            finally:
                Report.is_after = true  # type: ignore[method-assign]

        ledger.find_differences = by_the_clock  # type: ignore[method-assign]  # the defect
        return ledger
