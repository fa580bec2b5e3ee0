"""对账: what every terminal wrote beside what is here, in words; and today's takings of a place. No total is shown as
whole while something is not here yet, or not known."""

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from flask import render_template, request

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Asked, Column, asked, fitting, listed, ordered
from cloud.console.pages.money.books import day_state
from cloud.console.pages.money.shown import moment, now, seen, taken_home, yuan_of
from cloud.ledger.fleet.views import Completeness, TerminalView, newest_of
from cloud.ledger.read.shown.takings import Sums
from cloud.ledger.read.views import TerminalCount
from shared.clocks.clock import day_number, time_text

FILTERS = ("merchant", "state", "box")
SILENT_MS = 15_000
MARKS = {
    Completeness.COMPLETE: "ok", Completeness.LATE: "warn", Completeness.GAP: "bad", Completeness.UNKNOWN: "off",
}  # fmt: skip


class Row(NamedTuple):
    """A terminal's epoch. last: what it says that it wrote up to; None: nothing was heard, so nobody knows."""

    merchant: str
    terminal: str
    place: str
    box: str
    epoch: int
    state: str
    mark: str
    last: int | None
    received: int
    owed: int | None
    ranges: str
    held: int
    waits: int
    spent_fen: int
    heard: str


class Take(NamedTuple):
    """What a terminal took today. owed: records that are not here yet; None: not known."""

    merchant: str
    terminal: str
    place: str
    sales: int
    fen: int
    held_fen: int
    owed: int | None


MERCHANTS_MAX = 100
"""Merchants that are summed up on the page, the worst first; each is found in the list of terminals."""
COLUMNS: tuple[Column[Row], ...] = (
    Column("merchant", lambda row: row.merchant),
    Column("terminal", lambda row: row.terminal),
    Column("place", lambda row: row.place),
    Column("box", lambda row: row.box),
    Column("how_whole", lambda row: row.state),
    Column("written", lambda row: row.last, numeric=True),
    Column("received", lambda row: row.received, numeric=True),
    Column("not_here", lambda row: row.owed, numeric=True),
    Column("owed_ranges", lambda row: row.ranges),
    Column("held", lambda row: row.held, numeric=True),
    Column("undecided", lambda row: row.waits, numeric=True),
    Column("spent", lambda row: yuan_of(row.spent_fen), numeric=True),
    Column("heard", lambda row: row.heard),
)
TAKEN: tuple[Column[Take], ...] = (
    Column("merchant", lambda row: row.merchant),
    Column("terminal", lambda row: row.terminal),
    Column("place", lambda row: row.place),
    Column("sales", lambda row: row.sales, numeric=True),
    Column("taken", lambda row: yuan_of(row.fen), numeric=True),
    Column("held_sum", lambda row: yuan_of(row.held_fen), numeric=True),
    Column("not_here", lambda row: row.owed, numeric=True),
)


def _reconcile(sources: Sources) -> Reply:
    wanted = asked(request.args, FILTERS)
    views, here = sources.reader.reconciled()
    rows = _rows(wanted, views, here)
    return render_template(
        "money/reconcile.html", list=listed(rows, COLUMNS, wanted), day=day_state(views), sums=_sums(rows),
        states=list(Completeness), merchants_max=MERCHANTS_MAX, at=moment(now().unix_ms),
    )  # fmt: skip


def _reconcile_file(sources: Sources, form: str) -> Reply:
    wanted = asked(request.args, FILTERS)
    rows = _rows(wanted, *sources.reader.reconciled())
    return taken_home(form, "reconcile", COLUMNS, ordered(fitting(rows, COLUMNS, wanted.find), COLUMNS, wanted))


def _rows(wanted: Asked, views: Sequence[TerminalView], here: Sequence[TerminalCount]) -> list[Row]:
    counts = {(one.device, one.epoch): one for one in here}
    rows = []
    for view in views:
        if not seen().sees(Right.SEE_BOOKS, box=view.box, merchant=view.merchant):
            continue
        one, is_heard = counts.get((view.device, view.epoch)), view.completeness is not Completeness.UNKNOWN
        rows.append(
            Row(
                view.merchant, view.name, view.place, view.box, view.epoch, view.completeness.value,
                MARKS[view.completeness], view.last if is_heard else None, view.held,
                view.owes if is_heard else None, _ranges(view), one.held if one else 0,
                one.suspense + one.quarantined if one else 0, one.spent_fen - one.voided_fen if one else 0,
                moment(view.heard_ms),
            )
        )  # fmt: skip
    kept = dict(wanted.kept)
    return [row for row in rows if all(getattr(row, name) == value for name, value in kept.items())]


def _ranges(view: TerminalView) -> str:
    shown = ", ".join(f"{low}" if low == high else f"{low}–{high}" for low, high in view.owed[:4])
    return f"{shown} …" if len(view.owed) > 4 else shown


def _sums(rows: Sequence[Row]) -> list[tuple[str, int, int, int, str]]:
    """By merchant: received, owed, spent, and the worst state of its terminals: that is the sum's own."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.merchant, []).append(row)
    return [
        (
            merchant, sum(row.received for row in mine), sum(row.owed or 0 for row in mine),
            sum(row.spent_fen for row in mine), max((row.state for row in mine), key=_worse),
        )
        for merchant, mine in sorted(found.items(), key=lambda one: (-max(_worse(row.state) for row in one[1]), one[0]))
    ]  # fmt: skip


def _worse(state: str) -> int:
    return list(MARKS).index(Completeness(state))


def _takings(sources: Sources) -> Reply:
    wanted = asked(request.args)
    rows = _taken(sources)
    fen, owed = sum(row.fen for row in rows), [row.owed for row in rows]
    return render_template(
        "money/takings.html", list=listed(rows, TAKEN, wanted), fen=fen, held_fen=sum(row.held_fen for row in rows),
        sales=sum(row.sales for row in rows), owed=sum(one or 0 for one in owed),
        owing=sum(1 for one in owed if one), unknown=sum(one is None for one in owed),
        at=moment(now().unix_ms), day=time_text(now().campus_s)[:10],
    )  # fmt: skip


def _takings_file(sources: Sources, form: str) -> Reply:
    wanted = asked(request.args)
    rows = _taken(sources)
    return taken_home(form, "takings", TAKEN, ordered(fitting(rows, TAKEN, wanted.find), TAKEN, wanted))


def _taken(sources: Sources) -> list[Take]:
    """Of the terminals of his places."""
    today = day_number(now().campus_s)
    taken: defaultdict[bytes, Sums] = defaultdict(Sums)
    for place, sums in sources.reader.takings(today, today).items():
        taken[place.device].add(sums)
    views, heard = newest_of(sources.reader.terminals()).values(), _boxes_heard(sources)
    mine = [one for one in views if seen().sees(Right.SEE_TAKINGS, box=one.box, merchant=one.merchant)]
    rows = [_take(one, taken.get(one.device), is_heard=one.box in heard) for one in mine]
    return sorted(rows, key=lambda row: (row.merchant, row.terminal))


def _boxes_heard(sources: Sources) -> set[str]:
    """A silent box makes what its terminals have by now unknown."""
    at_ms = int(time.time() * 1000)
    return {
        one.box for one in sources.reader.boxes()
        if one.state is not None and one.state.online and at_ms - one.heard_ms < SILENT_MS
    }  # fmt: skip


def _take(view: TerminalView, taken: Sums | None, *, is_heard: bool) -> Take:
    owed = view.owes if is_heard and view.heard_ms else None
    sums = (taken.count, taken.net_fen - taken.held_fen, taken.held_fen) if taken else (0, 0, 0)
    return Take(view.merchant, view.name, view.place, *sums, owed)


PAGES = (
    Page("takings_today", "/takings", Right.SEE_TAKINGS, _takings, Menu.MONEY),
    Page("takings_file", "/takings.<form>", Right.SEE_TAKINGS, _takings_file),
    Page("reconcile", "/ledger/reconcile", Right.SEE_BOOKS, _reconcile, Menu.MONEY),
    Page("reconcile_file", "/ledger/reconcile.<form>", Right.SEE_BOOKS, _reconcile_file),
)
