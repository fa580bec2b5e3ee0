"""What business days of the campus come to, and what may still come of them, as of now. Inside of a transaction."""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from cloud.ledger.fleet.owing import Fleet, fleet, owing_of_day
from cloud.ledger.fleet.views import TerminalView
from cloud.ledger.held.days import GAPS_MAX, RANGES_MAX, Closed, DaySum, Gap, Statement, Waiting, closed, decode
from cloud.ledger.held.two_persons import Proposal, ProposalKind, waiting
from cloud.ledger.read.overview import counts
from cloud.ledger.read.pages import open_drawers
from cloud.ledger.read.put_backs import checkpoint
from cloud.ledger.read.shown.takings import NEWEST, Sums, takings
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import DAY_S


class DayState(NamedTuple):
    """How a day stands. sums, gaps, drawers: as of now. late: what was booked for it after its close. proposal: a close
    with gaps that waits for a second person."""

    day: int
    is_over: bool
    sums: tuple[DaySum, ...]
    gaps: tuple[Gap, ...]
    drawers: tuple[tuple[str, int], ...]
    closed: Closed | None
    late: tuple[DaySum, ...]
    proposal: Proposal | None

    @property
    def net_fen(self) -> int:
        """What it took, as of now."""
        return net_of(self.sums)

    @property
    def lacks(self) -> int:
        """How many terminals and drawers are not done with it, as of now."""
        return len(self.gaps) + len(self.drawers)


def day_states(
    db: Database, first: int, last: int, now: Now, views: list[TerminalView] | None = None
) -> list[DayState]:
    """Of these days since the books began, the newest first; as many questions for one as for many. views: all
    terminals, where they were read already."""
    first = max(first, began(db, now))
    there, said, sums, drawers = fleet(db, views), closed(db, first, last), days_sums(db, first, last), open_drawers(db)
    proposed = {
        decode(one.document).day: one for one in waiting(db, now.unix_ms) if one.kind is ProposalKind.DAY
    }  # fmt: skip
    return [
        DayState(
            day, day < now.campus_s // DAY_S, sums.get(day, ()), gaps_of(there, day, now), _open(drawers, day),
            said.get(day), late_of(sums.get(day, ()), said[day].statement) if day in said else (), proposed.get(day),
        )
        for day in range(last, first - 1, -1)
    ]  # fmt: skip


def began(db: Database, now: Now) -> int:
    """The day on which something was booked first; tomorrow where nothing ever was."""
    rows = db.run("SELECT booked_at_ms FROM posting ORDER BY entry LIMIT 1")
    since_s = (now.unix_ms - rows[0][0]) // 1000 if rows else -DAY_S
    return (now.campus_s - since_s) // DAY_S


def statement_now(db: Database, day: int, now: Now) -> Statement:
    """What whoever closes the day in this transaction says of it."""
    gaps, known = gaps_of(fleet(db), day, now), checkpoint(db, now.unix_ms)
    last = db.run("SELECT COALESCE(MAX(entry), 0) FROM posting")[0][0]
    return Statement(
        day, last, day_sums(db, day), gaps[:GAPS_MAX], max(0, len(gaps) - GAPS_MAX), _open(open_drawers(db), day),
        _waiting(db), (known.number, known.book), known.chains,
    )  # fmt: skip


def gaps_of(there: Fleet, day: int, now: Now) -> tuple[Gap, ...]:
    """Terminals that may still bring something of the day, load machines with them."""
    since_ms = now.unix_ms - (now.campus_s - (day + 1) * DAY_S) * 1000
    return tuple(
        Gap(
            view.device, view.epoch, view.name, view.place, one.records, view.owed[:RANGES_MAX], one.open_slots,
            one.silent,
        )
        for view, one in owing_of_day(there, since_ms)
    )  # fmt: skip


def day_sums(db: Database, day: int, upto: int = NEWEST) -> tuple[DaySum, ...]:
    """By box and merchant. upto: of entries up to this one."""
    return days_sums(db, day, day, upto).get(day, ())


def days_sums(db: Database, first: int, last: int, upto: int = NEWEST) -> Mapping[int, tuple[DaySum, ...]]:
    """The same of several days."""
    found: defaultdict[int, defaultdict[tuple[str, str], Sums]] = defaultdict(lambda: defaultdict(Sums))
    for place, one in takings(db, first, last, upto=upto).items():
        found[place.day][place.box, place.merchant].add(one)
    return {
        day: tuple(
            DaySum(*key, one.count, one.gross_fen, one.backs, one.back_fen, one.held_fen)
            for key, one in sorted(sums.items())
        )
        for day, sums in found.items()
    }


def late_of(sums: tuple[DaySum, ...], said: Statement) -> tuple[DaySum, ...]:
    """What the books have of the day more than its statement: they are only added to."""
    before = {(one.box, one.merchant): one for one in said.sums}
    more = (
        DaySum(one.box, one.merchant, *(a - b for a, b in zip(one[2:], before[one[:2]][2:], strict=True)))
        if one[:2] in before
        else one
        for one in sums
    )
    return tuple(one for one in more if any(one[2:]))


def net_of(sums: tuple[DaySum, ...]) -> int:
    """What is left of it, in fen."""
    return sum(one.gross_fen - one.back_fen for one in sums)


def _open(drawers: Mapping[str, int], day: int) -> tuple[tuple[str, int], ...]:
    return tuple((who, since) for who, since in sorted(drawers.items()) if since <= day)


def _waiting(db: Database) -> Waiting:
    known = counts(db)
    loads = db.run("SELECT COUNT(*) FROM load_case WHERE state = ?", (int(CaseState.PENDING),))[0][0]
    return Waiting(known.held, known.suspense, known.quarantined, loads)
