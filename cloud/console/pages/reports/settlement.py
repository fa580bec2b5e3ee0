"""Settlement 结算: what each merchant took, gave back and is left with of some days, as far as the books have it."""

from typing import NamedTuple

from flask import g, render_template, request

from cloud.console.access.rights import Right
from cloud.console.frame.clock import asked_day, moment_of, today, wall_now
from cloud.console.frame.export import csv_answer
from cloud.console.frame.money import in_yuan
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sheet import xlsx_answer
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, fitting, listed, ordered
from cloud.console.pages.reports.days import SPAN_MAX, Days, days, summed, total
from cloud.console.words.catalogue import words
from cloud.ledger.read.shown.takings import Sums
from shared.clocks.clock import day_text

FILTERS = ("first", "last")


class Owed(NamedTuple):
    """A merchant's days. merchant: '' where nobody knows whose it is."""

    merchant: str
    sums: Sums
    terminals: int
    owing: int


COLUMNS: tuple[Column[Owed], ...] = (
    Column("merchant", lambda one: one.merchant),
    Column("report_count", lambda one: one.sums.count, numeric=True),
    Column("report_gross", lambda one: in_yuan(one.sums.gross_fen), numeric=True),
    Column("report_backs", lambda one: one.sums.backs, numeric=True),
    Column("report_back", lambda one: in_yuan(one.sums.back_fen), numeric=True),
    Column("report_net", lambda one: in_yuan(one.sums.net_fen), numeric=True),
    Column("report_held", lambda one: in_yuan(one.sums.held_fen), numeric=True),
    Column("report_owing", lambda one: one.owing, numeric=True),
)


def _settlement(sources: Sources) -> Reply:
    found = _days(sources)
    return render_template(
        "reports/settlement.html", list=listed(_rows(found), COLUMNS, asked(request.args, FILTERS)), days=found,
        total=total(found.sums), closed=sources.reader.closed_days(found.first, found.last), day_text=day_text,
        as_of=moment_of(wall_now().unix_ms),
    )  # fmt: skip


def _export(sources: Sources) -> tuple[list[str], list[Owed]]:
    wanted, said = asked(request.args, FILTERS), words(g.language)
    rows = ordered(fitting(_rows(_days(sources)), COLUMNS, wanted.find), COLUMNS, wanted)
    return [said[one.name] for one in COLUMNS], list(rows)


def _csv(sources: Sources) -> Reply:
    heads, rows = _export(sources)
    return csv_answer("settlement", heads, COLUMNS, rows)


def _xlsx(sources: Sources) -> Reply:
    heads, rows = _export(sources)
    return xlsx_answer("settlement", heads, COLUMNS, rows)


def _days(sources: Sources) -> Days:
    first, last = asked_span(today() - 1)
    return days(sources, first, last)


def asked_span(otherwise: int) -> tuple[int, int]:
    """First and last day of the address; SPAN_MAX days at most, the last ones."""
    first = asked_day(request.args.get("first", ""), otherwise)
    last = max(first, asked_day(request.args.get("last", ""), first))
    return max(first, last - SPAN_MAX + 1), last


def _rows(found: Days) -> list[Owed]:
    merchants = summed(found.sums, lambda place: place.merchant)
    tills = summed(found.sums, lambda place: (place.merchant, place.device))
    return [
        Owed(
            merchant, sums, sum(whose == merchant for whose, _ in tills),
            sum(one.merchant == merchant for one in found.owing),
        )
        for merchant, sums in sorted(merchants.items())
    ]  # fmt: skip


PAGES = (
    Page("settlement", "/settlement", Right.SEE_TAKINGS, _settlement, Menu.MONEY),
    Page("settlement_csv", "/settlement.csv", Right.SEE_TAKINGS, _csv),
    Page("settlement_xlsx", "/settlement.xlsx", Right.SEE_TAKINGS, _xlsx),
)
