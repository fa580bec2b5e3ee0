"""Devices 设备: every terminal with its state as its box says it; a silent box makes its terminals unknown.

What is found here is also what an order is given to: `found_rows` is asked again when a selection is frozen.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import g, render_template, request

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.export import csv_answer
from cloud.console.frame.initials import is_like
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Asked, Column, Listed, asked, listed, ordered
from cloud.console.pages.devices.deeds import VERBS
from cloud.console.pages.home.overview import terminal_rows
from cloud.console.words.catalogue import words
from cloud.watch.alarms.terms import Kind
from cloud.watch.kept import planned
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import YktError

Row = dict[str, Any]
COLUMNS: tuple[Column[Row], ...] = (
    Column("terminal", lambda row: row["name"]),
    Column("place", lambda row: row["place"]),
    Column("merchant", lambda row: row["merchant"]),
    Column("box", lambda row: row["box"]),
    Column("link", lambda row: row["link"]),
    Column("state", lambda row: row["state"]),
    Column("owes", lambda row: row["owes"], numeric=True),
    Column("open_slots", lambda row: row["open_slots"], numeric=True),
)
FILTERS = ("box", "state", "merchant")
WORKS_MAX = 200
OPEN_MAX = 6
"""More values than this of a filter are folded."""


class Value(NamedTuple):
    """One value of a filter: how many rows it would show, and the address that does."""

    value: str
    rows: int
    link: str
    is_on: bool


class Facet(NamedTuple):
    """A filter and its values, the most frequent first."""

    name: str
    values: Sequence[Value]

    @property
    def is_folded(self) -> bool:
        """Are there so many that they stand behind a word?"""
        return len(self.values) > OPEN_MAX and not any(one.is_on for one in self.values)


def _devices(sources: Sources) -> Reply:
    wanted, now_s = asked(request.args, FILTERS), time.time()
    seen = seen_rows(sources, int(now_s * 1000))
    found = found_rows(seen, wanted)
    page = paged(found, COLUMNS, wanted, len(seen))
    return render_template(
        "devices/devices.html", list=page, facets=_facets(seen, wanted),
        commanded_here=sum(map(may_command, page.rows)), out=_out_now(sources, int(now_s * 1000)),
        verbs=VERBS.values(), commanded=sum(may_command(row) for row in found), may_command=may_command,
        as_of=time_text(WALL.at(now_s)),
    )  # fmt: skip


def _devices_csv(sources: Sources) -> Reply:
    wanted = asked(request.args, FILTERS)
    said = words(g.language)
    rows = ordered(found_rows(seen_rows(sources, int(time.time() * 1000)), wanted), COLUMNS, wanted)
    return csv_answer("devices", [said[column.name] for column in COLUMNS], COLUMNS, rows)


def _out_now(sources: Sources, now_ms: int) -> frozenset[str]:
    """Devices on which planned work goes on. Where the watch's file cannot be read none is marked: the state stays."""
    try:
        with sources.watch() as store, store.db.reading():
            works = planned.works(store.db, WORKS_MAX)
    except YktError:
        return frozenset()
    on = (one for one in works if one.source.kind is Kind.TERMINAL and one.from_ms <= now_ms < one.end_ms)
    return frozenset(one.source.name for one in on)


def seen_rows(sources: Sources, now_ms: int) -> list[Row]:
    """Of the places that he may see. is_locked: so it was ordered last, done or on its way."""
    signed: Signed = g.signed
    locked = {device.hex() for device in sources.reader.fleet.locked()}
    return [
        row | {"is_locked": row["device"] in locked} for row in terminal_rows(sources.reader, now_ms)
        if signed.sees(Right.SEE_CAMPUS, box=row["box"], merchant=row["merchant"])
    ]  # fmt: skip


def found_rows(rows: Sequence[Row], wanted: Asked) -> list[Row]:
    """As the filters choose, and what has every word that is looked for, or its pinyin's initials."""
    kept, sought = dict(wanted.kept), wanted.find.split()
    return [
        row for row in rows
        if _fits(row, kept) and all(is_like(word, *_texts(row)) for word in sought)
    ]  # fmt: skip


def may_command(row: Row) -> bool:
    """May he order this terminal about?"""
    signed: Signed = g.signed
    return signed.sees(Right.COMMAND, box=row["box"], merchant=row["merchant"])


def paged(rows: Sequence[Any], columns: Sequence[Column[Any]], wanted: Asked, every: int) -> Listed[Any]:
    """Rows that were found already, of so many."""
    page = listed(rows, columns, wanted._replace(find=""))
    return page._replace(asked=page.asked._replace(find=wanted.find), every=every)


def _facets(rows: Sequence[Row], wanted: Asked) -> list[Facet]:
    return [_facet(name, rows, wanted) for name in FILTERS]


def _facet(name: str, rows: Sequence[Row], wanted: Asked) -> Facet:
    """Counted among what the other filters let through."""
    others = wanted._replace(kept=tuple(pair for pair in wanted.kept if pair[0] != name), page=1)
    chosen = dict(wanted.kept).get(name)
    counts = Counter(row[name] for row in found_rows(rows, others))
    values = [
        Value(value, count, _link(others, name, "" if value == chosen else value), value == chosen)
        for value, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])) if value
    ]  # fmt: skip
    return Facet(name, values)


def _link(others: Asked, name: str, value: str) -> str:
    kept = (*others.kept, (name, value)) if value else others.kept
    return others._replace(kept=kept).link()


def _fits(row: Row, kept: Mapping[str, str]) -> bool:
    return all(row[name] == value for name, value in kept.items())


def _texts(row: Row) -> tuple[str, ...]:
    return row["name"], row["place"], row["merchant"], row["box"], row["device"]


PAGES = (
    Page("devices", "/devices", Right.SEE_CAMPUS, _devices, Menu.DEVICES),
    Page("devices_csv", "/devices.csv", Right.SEE_CAMPUS, _devices_csv),
)
