"""Metrics 指标: the closed set of series from wherever it is kept, numbers first, then lines that the server draws.

A store that is away is said, with what was known before and until when; nothing is then 0. What is asked stands in
the address: of which part, in which time, one series alone.
"""

import time
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from flask import abort, g, render_template, request

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.export import csv_answer
from cloud.console.frame.money import sum_text
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column
from cloud.console.pages.system.charts import Frame, Line, bounds, drawn, lines
from cloud.console.pages.system.once import once
from cloud.console.pages.system.services import moment
from cloud.process.settings import FOLDER
from cloud.watch.metrics.dashboard import ROWS
from cloud.watch.metrics.queries import LAST_MAX_S, Span, span_between
from cloud.watch.metrics.reader import series
from cloud.watch.metrics.rings import DAYS_KEPT, HOUR_S, MINUTE_S, Dots
from cloud.watch.metrics.series import BOX, BUS, SERIES, TERMINALS, Series, Worst
from cloud.watch.metrics.settings import MetricStore, read_metric_store
from cloud.watch.services.asking import ask
from shared.clocks.campus_clock import CHINA_OFFSET_S, UNIX_2000, WALL
from shared.clocks.clock import ClockError, parse_time
from shared.errors import YktError
from shared.words.spans import span as span_words
from shared.words.voice import Text, told_by

KEPT_S = 10.0
STORE_S = 3.0
"""All series of a page are asked of a store at once, and this is waited for."""
DAY_MS = 86_400_000
WHENS = ("today", "yesterday", "week", "own")
_SMALL, _LARGE = (160, 32), (960, 240)
_PLACED = (BOX, BUS, TERMINALS)


Step = tuple[int, list[float | None]]
"""When, and the value of each tag; None: not known."""


class Asked(NamedTuple):
    """of: the measurement; one: a series of it alone, or ''. when: which time; first, last: days of one's own time."""

    of: str
    one: str
    when: str
    first: str
    last: str
    span: Span

    def link(self, **other: str) -> dict[str, str]:
        """The arguments of this page with something else asked."""
        said = {"of": self.of, "one": self.one, "when": self.when, "first": self.first, "last": self.last, **other}
        if said["when"] != "own":
            said |= {"first": "", "last": ""}
        return {key: value for key, value in said.items() if value}


class Said(NamedTuple):
    """dots: by series, of those that answered. why: what has hindered it; at_ms: when it was asked."""

    dots: dict[str, Dots]
    why: Text | None
    at_ms: int


class Card(NamedTuple):
    """A series as it is shown. more: lines that there was no room for."""

    name: str
    series: Series
    lines: list[Line]
    more: int
    low: float
    high: float
    size: tuple[int, int]


def _metrics(sources: Sources) -> Reply:
    signed: Signed = g.signed
    wanted = _asked(sources)
    said, is_old = _said(sources, wanted)
    names = _names(wanted, signed)
    cards = [_card(name, _of_his(SERIES[name], said.dots.get(name, {}), signed), wanted) for name in names]
    newest = min(said.at_ms, max((line.at_ms for card in cards for line in card.lines), default=0))
    return render_template(
        "system/metrics.html", asked=wanted, cards=cards, said=said, is_old=is_old, newest=newest, rows=ROWS,
        whens=WHENS, moment=moment, valued=valued, table=_table(said, wanted, signed) if wanted.one else None,
    )  # fmt: skip


def _metrics_csv(sources: Sources) -> Reply:
    """One series: a row a step, a column a tag."""
    wanted = _asked(sources)
    if wanted.one not in _names(wanted, g.signed):
        abort(404)
    said, _ = _said(sources, wanted)
    tags, rows = _table(said, wanted, g.signed)
    columns = [Column[Step]("time", lambda row: moment(row[0])), *(_column(at) for at in range(len(tags)))]
    return csv_answer(wanted.one, ["time", *tags], columns, rows)


def _column(at: int) -> Column[Step]:
    return Column("value", lambda row: row[1][at], numeric=True)


def _asked(sources: Sources) -> Asked:
    """What makes no sense in the address is taken as not said."""
    arguments, now_ms = request.args, int(time.time() * 1000)
    one = arguments.get("one", "")
    of = SERIES[one].measurement if one in SERIES else arguments.get("of", "")
    when = arguments.get("when", "")
    first, last = (_day(arguments.get(name, "")) for name in ("first", "last"))
    when = when if when in WHENS and (when != "own" or first is not None) else WHENS[0]
    from_ms, until_ms = _ends(when, first, last, now_ms)
    own_first, own_last = (moment(ms)[:10] if when == "own" else "" for ms in (from_ms, until_ms - 1))
    has_minutes = from_ms >= now_ms - DAYS_KEPT[MINUTE_S] * DAY_MS or _store(sources) is not None
    span = span_between(from_ms, until_ms, MINUTE_S if has_minutes else HOUR_S)
    return Asked(of if of in ROWS else BOX, one if one in SERIES else "", when, own_first, own_last, span)


def _ends(when: str, first: int | None, last: int | None, now_ms: int) -> tuple[int, int]:
    today = _start(now_ms)
    if when == "yesterday":
        return today - DAY_MS, today
    if when == "week":
        weekday = (WALL.at(now_ms / 1000) // 86_400 + 5) % 7  # 2000-01-01 was a Saturday
        return today - weekday * DAY_MS, now_ms
    if when == "own" and first is not None:
        from_ms = min(first, now_ms - DAY_MS)
        until_ms = min((last if last is not None and last >= from_ms else from_ms) + DAY_MS, now_ms)
        return max(from_ms, until_ms - LAST_MAX_S * 1000), until_ms
    return today, now_ms


def _start(at_ms: int) -> int:
    """Of its day, by the campus."""
    return (WALL.at(at_ms / 1000) // 86_400 * 86_400 + UNIX_2000 - CHINA_OFFSET_S) * 1000


def _day(text: str) -> int | None:
    try:
        return (parse_time(text) + UNIX_2000 - CHINA_OFFSET_S) * 1000 if len(text) == 10 else None
    except ClockError:
        return None


def _names(wanted: Asked, signed: Signed) -> list[str]:
    """Series of the measurement that he may see: sums of money with the books, what has no box with the whole."""
    names = [wanted.one] if wanted.one else [name for name, one in SERIES.items() if one.measurement == wanted.of]
    return [name for name in names if _may(SERIES[name], signed)]


def _may(one: Series, signed: Signed) -> bool:
    if one.unit == "fen":
        return signed.everywhere(Right.SEE_BOOKS)
    return one.measurement in _PLACED or signed.everywhere(Right.SEE_CAMPUS)


def _of_his(one: Series, dots: Dots, signed: Signed) -> Dots:
    if one.measurement not in _PLACED:
        return dots
    return {tag: line for tag, line in dots.items() if signed.sees(Right.SEE_CAMPUS, box=tag.split("/")[0])}


def _store(sources: Sources) -> MetricStore | None:
    return read_metric_store(sources.settings.data / FOLDER)


def _said(sources: Sources, wanted: Asked) -> tuple[Said, bool]:
    """What is known now; where nothing is, what was said to the same question before, and that it is old."""
    names = [name for name, one in SERIES.items() if one.measurement == wanted.of and wanted.one in ("", name)]
    key = ("metrics", wanted.of, wanted.one, wanted.when, wanted.first, wanted.last)
    fresh = once().ask(key, KEPT_S, lambda: _read(sources, names, wanted.span))
    good = once().ask((*key, "good"), 0.0 if fresh.why is None else float("inf"), lambda: fresh)
    return (fresh, False) if fresh.why is None else (fresh._replace(dots=good.dots, at_ms=good.at_ms), True)


def _read(sources: Sources, names: Iterable[str], span: Span) -> Said:
    now_ms = int(time.time() * 1000)
    try:
        store = _store(sources)
        with sources.watch() as watch:
            if store is None:
                return Said({name: series(None, watch.db, name, span) for name in names}, None, now_ms)
            answers = ask({name: partial(series, store, watch.db, name, span) for name in names}, STORE_S)
    except YktError as fault:
        return Said({}, told_by(fault), now_ms)
    return Said(dict(answers.values), next(iter(answers.why.values()), None), now_ms)


def _card(name: str, dots: Dots, wanted: Asked) -> Card:
    one, size = SERIES[name], _LARGE if wanted.one else _SMALL
    low, high = bounds(dots)
    found = lines(dots, Frame(wanted.span, low, high, *size))
    shown = drawn(found, is_most=one.worst is Worst.MOST)
    return Card(name, one, shown, len(found) - len(shown), low, high, size)


def _table(said: Said, wanted: Asked, signed: Signed) -> tuple[list[str], list[Step]]:
    """Tags, and of each step their values, the newest first. None: not known."""
    dots = _of_his(SERIES[wanted.one], said.dots.get(wanted.one, {}), signed)
    tags = sorted(tag for tag, line in dots.items() if line)
    values = {tag: dict(dots[tag]) for tag in tags}
    times = sorted({at for tag in tags for at in values[tag]}, reverse=True)
    return tags, [(at, [values[tag].get(at) for tag in tags]) for at in times]


def valued(unit: str, value: float | None) -> Text | None:
    """A value with its unit; None: not known."""
    if value is None:
        return None
    match unit:
        case "s" if value >= 60:
            return Text(*span_words(int(value)))
        case "fen":
            return Text(sum_text(round(value)), sum_text(round(value)))
        case "yes":
            return Text("是", "yes") if value else Text("否", "no")
        case "days":
            return Text(f"{value:.0f} 天", f"{value:.0f} days")
    sign = {"percent": " %", "celsius": " °C", "s": " s", "per-s": " /s"}.get(unit, "")
    said = f"{value:,.0f}{sign}" if abs(value) >= 1000 else f"{value:.3g}{sign}"
    return Text(said, said)


PAGES = (
    Page("metrics", "/metrics-view", Right.SEE_CAMPUS, _metrics, Menu.SYSTEM),
    Page("metrics_csv", "/metrics-view.csv", Right.SEE_CAMPUS, _metrics_csv),
)
