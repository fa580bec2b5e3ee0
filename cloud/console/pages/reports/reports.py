"""Reports 报表: days, meals, hours, merchants and terminals, each beside the period before, complete or not."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from flask import g, render_template, request

from cloud.console.access.rights import Right
from cloud.console.frame.clock import moment_of, today, wall_now
from cloud.console.frame.export import csv_answer
from cloud.console.frame.money import in_yuan
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sheet import xlsx_answer
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, fitting, listed, ordered
from cloud.console.pages.reports.days import Days, days, summed, total
from cloud.console.pages.reports.settlement import asked_span
from cloud.console.words.catalogue import words
from cloud.ledger.read.shown.takings import NO_SLOT, Place, Sums
from shared.clocks.clock import DAY_S, day_text

CROSS = "cross"
FILTERS = ("kind", "first", "last")
KINDS = ("day", "meal", "hour", "canteen", "merchant", "terminal", CROSS)
_HOURS = tuple(range(0, DAY_S, 3600))


class Row(NamedTuple):
    """before: the same of the period of the same length before. parts: day, canteen, merchant and meal, where a row is
    about all four."""

    name: str
    sums: Sums
    before: Sums
    parts: tuple[str, ...] = ()


class Report(NamedTuple):
    """kind: of KINDS. earlier: the period before."""

    kind: str
    now: Days
    earlier: Days
    rows: list[Row]


_SUMS: tuple[Column[Row], ...] = (
    Column("report_count", lambda one: one.sums.count, numeric=True),
    Column("report_gross", lambda one: in_yuan(one.sums.gross_fen), numeric=True),
    Column("report_back", lambda one: in_yuan(one.sums.back_fen), numeric=True),
    Column("report_net", lambda one: in_yuan(one.sums.net_fen), numeric=True),
)
COLUMNS: tuple[Column[Row], ...] = (
    Column("report_name", lambda one: one.name),
    *_SUMS,
    Column("report_before", lambda one: in_yuan(one.before.net_fen), numeric=True),
)
CROSSED: tuple[Column[Row], ...] = (
    Column("report_day", lambda one: one.parts[0]),
    Column("report_canteen", lambda one: one.parts[1]),
    Column("report_merchant", lambda one: one.parts[2]),
    Column("report_meal", lambda one: one.parts[3]),
    *_SUMS,
    Column("report_held", lambda one: in_yuan(one.sums.held_fen), numeric=True),
)


def columns_of(kind: str) -> tuple[Column[Row], ...]:
    """What a report of this kind has in each row."""
    return CROSSED if kind == CROSS else COLUMNS


def _reports(sources: Sources) -> Reply:
    report, wanted = _report(sources), asked(request.args, FILTERS)
    return render_template(
        "reports/reports.html", report=report, list=listed(report.rows, columns_of(report.kind), wanted), kinds=KINDS,
        total=total(report.now.sums), total_before=total(report.earlier.sums), day_text=day_text,
        as_of=moment_of(wall_now().unix_ms), most=max((abs(row.sums.net_fen) for row in report.rows), default=0),
    )  # fmt: skip


def _csv(sources: Sources) -> Reply:
    columns, heads, rows = _export(sources)
    return csv_answer("report", heads, columns, rows)


def _xlsx(sources: Sources) -> Reply:
    columns, heads, rows = _export(sources)
    return xlsx_answer("report", heads, columns, rows)


def _export(sources: Sources) -> tuple[Sequence[Column[Row]], list[str], list[Row]]:
    wanted, said, report = asked(request.args, FILTERS), words(g.language), _report(sources)
    columns = columns_of(report.kind)
    rows = ordered(fitting(report.rows, columns, wanted.find), columns, wanted)
    return columns, [said[one.name] for one in columns], list(rows)


def _report(sources: Sources) -> Report:
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else KINDS[0]
    first, last = asked_span(today())
    meals = sources.reader.meals_begin() if kind in ("meal", CROSS) else ()
    edges = _HOURS if kind == "hour" else meals
    length, views = last - first + 1, sources.reader.terminals()
    now, earlier = (
        days(sources, *span, edges, views) for span in ((first, last), (first - length, first - 1))
    )  # fmt: skip
    if kind == CROSS:
        return Report(kind, now, earlier, _crossed(sources, now, edges))
    name = _names(sources, kind, edges)
    return Report(kind, now, earlier, _rows(kind, now, earlier, name))


def _crossed(sources: Sources, now: Days, edges: Sequence[int]) -> list[Row]:
    """Day by day, and within it canteen, merchant and meal."""
    each = [_names(sources, kind, edges) for kind in ("day", "canteen", "merchant", "meal")]
    found = summed(now.sums, lambda place: tuple(name(place) for name in each))
    return [Row(" · ".join(parts), sums, Sums(), parts) for parts, sums in sorted(found.items())]


def _rows(kind: str, now: Days, earlier: Days, name: Callable[[Place], str]) -> list[Row]:
    before, found = summed(earlier.sums, name), summed(now.sums, name)
    if kind == "day":
        length, both = now.last - now.first + 1, before | found
        each = [(day_text(day), day_text(day - length)) for day in range(now.first, now.last + 1)]
        return [Row(day, found.get(day, Sums()), both.get(sooner, Sums())) for day, sooner in each]
    return [Row(one, found.get(one, Sums()), before.get(one, Sums())) for one in sorted(found | before)]


def _names(sources: Sources, kind: str, edges: Sequence[int]) -> Callable[[Place], str]:
    """What a place's row is called."""
    unknown, none = words(g.language)["not_known"], words(g.language)["report_no_meal"]
    canteens = {one.box: one.name for one in sources.reader.boxes()} if kind == "canteen" else {}
    return {
        "day": lambda place: day_text(place.day),
        "hour": lambda place: _span(place.slot, edges, none, unknown),
        "meal": lambda place: _span(place.slot, edges, none, unknown),
        "canteen": lambda place: canteens.get(place.box, place.box) or unknown,
        "merchant": lambda place: place.merchant or unknown,
        "terminal": lambda place: " · ".join(filter(None, (place.terminal, place.place, place.merchant))) or unknown,
    }[kind]


def _span(slot: int, edges: Sequence[int], none: str, unknown: str) -> str:
    """From when to when this part of the day lasts. none: what is before the first one."""
    if slot == NO_SLOT:
        return unknown
    return none if not slot else f"{_clock(edges[slot - 1])}–{_clock((*edges, DAY_S)[slot])}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


PAGES = (
    Page("reports", "/reports", Right.SEE_TAKINGS, _reports, Menu.MONEY),
    Page("reports_csv", "/reports.csv", Right.SEE_TAKINGS, _csv),
    Page("reports_xlsx", "/reports.xlsx", Right.SEE_TAKINGS, _xlsx),
)
