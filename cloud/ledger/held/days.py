"""日结 of the campus: what persons have said of a business day, as it stands in the books. Nothing posted is edited.

A statement has the day's sums, what it lacks by name, and where every chain stood. One person closes a day that lacks
nothing; of one that does, a second person stands for the gaps. What is booked for the day later came after the close.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database, Row
from shared.errors import ConfigFault, WireFault
from shared.wire import codec
from shared.wire.messages import Range

GAPS_MAX = 1000
"""Terminals that a statement names; how many more there were it says, too."""
RANGES_MAX = 32
"""Spans of missing records that are named of one terminal."""
_COLUMNS = "day, last_entry, maker, checker, at_ms, document"
_SELECT = f"SELECT {_COLUMNS} FROM day_close WHERE day"  # noqa: S608  # our own names


class DayRefused(ConfigFault):
    """Happens when a day cannot be closed so. Nothing was changed."""


class Gap(NamedTuple):
    """A terminal that may still bring something of the day. records: known to be owed, within `ranges`. silent: it was
    not heard since the day was over, so nobody knows."""

    device: bytes
    epoch: int
    name: str
    place: str
    records: int
    ranges: tuple[Range, ...]
    open_slots: int
    silent: bool


class DaySum(NamedTuple):
    """What a merchant's terminals at a box took. In fen."""

    box: str
    merchant: str
    sales: int
    gross_fen: int
    backs: int
    back_fen: int
    held_fen: int


class Waiting(NamedTuple):
    """Cases that waited when the day was closed, of whatever day they are."""

    held: int = 0
    suspense: int = 0
    quarantine: int = 0
    loads: int = 0


class Statement(NamedTuple):
    """What was said of a day. more_gaps: beside those that are named. drawers: cashiers whose period was open, and
    since which day. link: the newest of the book-only chain; chains: partition, number and hash of its newest batch."""

    day: int
    last_entry: int
    sums: tuple[DaySum, ...]
    gaps: tuple[Gap, ...]
    more_gaps: int
    drawers: tuple[tuple[str, int], ...]
    waiting: Waiting
    link: tuple[int, bytes]
    chains: tuple[tuple[int, int, bytes], ...]

    @property
    def is_whole(self) -> bool:
        """Does it lack nothing?"""
        return not (self.gaps or self.more_gaps or self.drawers)

    @property
    def gap_names(self) -> list[str]:
        """Terminals and cashiers."""
        return [*(one.name for one in self.gaps), *(who for who, _ in self.drawers)]

    def encode(self) -> bytes:
        """As it is kept."""
        sums, gaps = [list(one) for one in self.sums], [_gap_row(one) for one in self.gaps]
        drawers, chains = ([list(one) for one in each] for each in (self.drawers, self.chains))
        said = [self.day, self.last_entry, sums, gaps, self.more_gaps, drawers, list(self.waiting), list(self.link)]
        return codec.dumps([*said, chains])


class Closed(NamedTuple):
    """A statement and who made it. checker: who stands for its gaps; '': there were none."""

    statement: Statement
    maker: str
    checker: str
    at_ms: int


def decode(raw: bytes) -> Statement:
    """WireFault for what is none."""
    day, last, sums, gaps, more, drawers, waiting, link, chains = codec.fields(
        codec.loads(raw), int, int, list, list, int, list, list, list, list, what="day close"
    )
    try:
        return Statement(
            day, last, tuple(DaySum(*row) for row in sums), tuple(map(_gap, gaps)), more,
            tuple((str(who), int(since)) for who, since in drawers), Waiting(*waiting), (link[0], link[1]),
            tuple((int(part), int(number), bytes(sealed)) for part, number, sealed in chains),
        )  # fmt: skip
    except (TypeError, ValueError, IndexError) as fault:
        raise WireFault("day close: malformed") from fault


def keep(writing: Writing, statement: Statement, maker: str, checker: str) -> Closed:
    """Inside of a transaction. It gets its link, so that an older copy of the books shows."""
    made = Closed(statement, maker, checker, writing.now.unix_ms)
    row = (statement.day, statement.last_entry, maker, checker, made.at_ms, statement.encode())
    writing.db.insert("day_close", _COLUMNS, [row])
    writing.booking.link(BookLinkKind.DAY, statement.day, digest_of(row))
    return made


def closed(db: Database, first: int, last: int) -> dict[int, Closed]:
    """Day → what was said of it, both ends included."""
    rows = db.run(f"{_SELECT} >= ? AND day <= ?", (first, last))
    return {row[0]: _closed(row) for row in rows}


def new_gaps(now: Statement, named: Statement) -> Sequence[str]:
    """Names of terminals and cashiers that lack something now and were not named."""
    known = {(one.device, one.epoch) for one in named.gaps}
    terminals = [one.name for one in now.gaps if (one.device, one.epoch) not in known]
    return [*terminals, *sorted({who for who, _ in now.drawers} - {who for who, _ in named.drawers})]


def _closed(row: Row) -> Closed:
    _, _, maker, checker, at_ms, document = row
    return Closed(decode(bytes(document)), maker, checker, at_ms)


def _gap_row(one: Gap) -> list[object]:
    return [*one[:5], [list(span) for span in one.ranges], one.open_slots, one.silent]


def _gap(row: Sequence[object]) -> Gap:
    device, epoch, name, place, records, ranges, slots, silent = row
    spans = tuple((int(low), int(high)) for low, high in ranges)  # type: ignore[attr-defined]  # a row of ours
    return Gap(device, epoch, name, place, records, spans, slots, silent)  # type: ignore[arg-type]  # a row of ours
