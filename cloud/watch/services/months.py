"""Measures a month's goals: the ledger's tallies and records, and what the watch's file says of boxes. Changes nothing.

What cannot be read is named, and its goals are not there: never met, never missed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from cloud.ledger.fleet.views import BoxView
from cloud.ledger.read.reader import open_reader
from cloud.ledger.read.shown.months import Arrivals, Tallied
from cloud.process.settings import FOLDER, CloudSettings
from cloud.store.db import read_file
from cloud.watch.alarms.terms import Kind, source_of
from cloud.watch.kept.planned import PLANNED
from cloud.watch.services.gather import NEVER_RAN
from cloud.watch.services.goals import Arrival, Month, Outcome, Stretch, TapSums, Watched, available, taps, to_ledger
from cloud.watch.services.spells import Spell, Up, spell_of
from cloud.watch.store import FILE
from cloud.watch.turn import BEAT
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import StoreFault
from shared.words.voice import Text, told_by

DATABASE, WATCH = "database", "watch"


class Measured(NamedTuple):
    """A month so far. from_ms: since when the watch has looked, 0: not in this month; why: what could not be read."""

    month: Month
    at_ms: int
    from_ms: int
    outcomes: Sequence[Outcome]
    why: Mapping[str, Text]

    @property
    def is_over(self) -> bool:
        """Has it ended?"""
        return self.at_ms >= self.month.until_ms

    @property
    def is_whole(self) -> bool:
        """Has it ended, and was it watched from its first minute?"""
        return self.is_over and 0 < self.from_ms <= self.month.from_ms + 60_000


def how_whole(found: Measured) -> Text:
    """How much of the month was seen."""
    if found.is_whole:
        return Text("整月", "the whole month")
    since = _moment(found.from_ms) if found.from_ms else ""
    until = _moment(min(found.at_ms, found.month.until_ms))
    watched = Text(f"值守自 {since} 才有记录", f"the watch has looked since {since}")
    if not since:
        watched = Text("值守没有记录", "the watch has no record of it")
    if found.is_over:
        return Text(f"不完整：{watched.zh}", f"not whole: {watched.en}")
    return Text(f"未完，截至 {until}；{watched.zh}", f"it goes on, as of {until}; {watched.en}")


def _moment(at_ms: int) -> str:
    return time_text(WALL.at(at_ms / 1000))


class _Books(NamedTuple):
    boxes: Sequence[BoxView]
    tallied: Tallied
    arrivals: Arrivals


def measure(settings: CloudSettings, dsn: str | None, month: Month, now_ms: int) -> Measured:
    """As far as it can be known."""
    why: dict[str, Text] = {}
    books, spells, planned = None, list[Spell](), dict[str, list[Stretch]]()
    try:
        books = _books(settings.dsn(dsn), month)
    except StoreFault as fault:
        why[DATABASE] = told_by(fault)
    try:
        spells = list(_spells(settings.data / FOLDER / FILE, month))
        planned = _planned(settings.data / FOLDER / FILE)
    except StoreFault as fault:
        why[WATCH] = told_by(fault)
    outcomes = [*_of_books(books, _spans(spells, Up.UP)), *_of_boxes(books, spells, planned, month, now_ms)]
    from_ms = min((max(one.from_ms, month.from_ms) for one in spells), default=0)
    return Measured(month, now_ms, from_ms, outcomes, why)


def _books(dsn: str, month: Month) -> _Books:
    with closing(open_reader(dsn)) as reader:
        return _Books(reader.boxes(), reader.tallied(*month.days), reader.arrivals(month.from_ms, month.until_ms))


def _spells(file: Path, month: Month) -> Iterator[Spell]:
    """Of boxes, each with its end; what goes on ends when the watch last looked."""
    if not file.exists():
        raise StoreFault(NEVER_RAN)
    beats = read_file(file, f"SELECT value FROM mark WHERE name = '{BEAT}'")  # noqa: S608  # our own name
    beat_ms = beats[0][0] if beats else 0
    within = f"from_ms < {month.until_ms} AND (until_ms = 0 OR until_ms > {month.from_ms})"  # our own numbers
    rows = read_file(file, f"SELECT source, from_ms, until_ms, state FROM spell WHERE {within}")  # noqa: S608
    for one in (spell_of(*row) for row in rows):
        if one.source.kind is Kind.BOX:
            yield one._replace(until_ms=one.until_ms or max(one.from_ms, beat_ms))


def _planned(file: Path) -> dict[str, list[Stretch]]:
    """Work on boxes, by their names."""
    found: dict[str, list[Stretch]] = {}
    for source, *times in read_file(file, PLANNED):
        if source_of(source).kind is Kind.BOX:
            found.setdefault(source_of(source).name, []).append(Stretch(*times))
    return found


def _spans(spells: Sequence[Spell], state: Up) -> dict[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = {}
    for one in spells:
        if one.state is state:
            found.setdefault(one.source.name, []).append(Stretch(one.from_ms, one.until_ms))
    return found


def _of_books(books: _Books | None, online: Mapping[str, Sequence[Stretch]]) -> Iterator[Outcome]:
    if books is None:
        return
    yield taps(TapSums(*books.tallied), books.arrivals.total)
    arrived = [Arrival(*one) for one in books.arrivals.sample]
    yield to_ledger(arrived, books.arrivals.total, online)


def _of_boxes(
    books: _Books | None, spells: Sequence[Spell], planned: Mapping[str, Sequence[Stretch]], month: Month, now_ms: int
) -> Iterator[Outcome]:
    """Of every box that is registered; of those that the watch knows, where the ledger cannot be read."""
    up, down = _spans(spells, Up.UP), _spans(spells, Up.DOWN)
    names = {one.box: one.name for one in books.boxes} if books is not None else {one.source.name: "" for one in spells}
    for box, name in sorted(names.items()):
        watched = Watched(up.get(box, ()), down.get(box, ()), planned.get(box, ()))
        yield available(box, f"{name} {box}".strip(), watched, month, now_ms)
