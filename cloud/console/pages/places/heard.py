"""What the watch has kept of services and lines, read for one page: nothing of it is asked of a service itself."""

import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cloud.console.frame.sources import Sources
from cloud.console.pages.places.lanes import Cut
from cloud.process.settings import FOLDER
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import CAMPUS, Kind, Source, source_of
from cloud.watch.metrics.away import MetricsAway
from cloud.watch.metrics.queries import Span
from cloud.watch.metrics.reader import series
from cloud.watch.metrics.settings import read_metric_store
from cloud.watch.services.spells import STALE_MS, Up
from cloud.watch.services.tree import DATABASE, SERVICES, WATCH
from cloud.watch.store import Listed, WatchStore, open_watch
from cloud.watch.turn import BEAT
from shared.errors import ConfigFault, StoreFault
from shared.facts.catalogue import words
from shared.words.voice import Text

CUT = "bus-cut"
FIGURES = ("bus-load", "bus-tec", "bus-rec", "bus-errors", "bus-offs")
FIGURES_S = 30
"""So long one answer of the store of metrics serves every page."""
_MINUTE_MS = 60_000
_LOOKED_BACK = 3
"""Minutes: the running one is not in the rings yet."""
_TITLES = {rule.name: rule.advice.title for rule in RULES}
_MARKS = {Up.UP: "ok", Up.DOWN: "bad", Up.UNKNOWN: "off"}


class Service(NamedTuple):
    """As the watch found it last; since_ms 0: nobody knows."""

    called: Text
    mark: str
    since_ms: int


class Trouble(NamedTuple):
    """An alarm about a line that is active, in words. said: as the box told it, Chinese and English."""

    title: Text
    said: tuple[str, str]
    since_ms: int


class Kept(NamedTuple):
    """beat_ms: when the watch last looked; 0: never. Cuts and troubles as of then."""

    beat_ms: int
    is_stale: bool
    services: list[Service]
    cuts: list[Cut]
    troubles: dict[str, list[Trouble]]


class Figures(NamedTuple):
    """Of lines, by `box/link` and the name of the series. at_ms 0: nothing is known, and why says so if the store is
    away."""

    at_ms: int
    of: dict[str, dict[str, float]]
    is_away: bool = False


def kept(sources: Sources, now_ms: int) -> Kept:
    """StoreFault: the watch's file cannot be read."""
    with sources.watch() as store, store.db.reading():
        beat_ms = store.mark(BEAT)
        is_stale = now_ms - beat_ms > STALE_MS
        services = [_service(*row, is_stale=is_stale) for row in _spells(store)]
        if not is_stale:
            services.append(Service(SERVICES[WATCH], "ok", 0))
        alarms = [one for one in store.listed() if one.key.source.kind is Kind.BUS]
    return Kept(beat_ms, is_stale, services, [cut for one in alarms if (cut := _cut(one))], _troubles(alarms))


def _spells(store: WatchStore) -> list[tuple[Source, str, int]]:
    """Services in the order of the tree; the campus's own spell is the ledger's."""
    rows = store.db.run("SELECT source, state, from_ms FROM spell WHERE until_ms = 0")
    found = [(source_of(source), state, from_ms) for source, state, from_ms in rows]
    mine = [one for one in found if one[0].kind is Kind.SERVICE or one[0] == CAMPUS]
    order = list(SERVICES)
    return sorted(mine, key=lambda one: (order.index(_name(one[0])) if _name(one[0]) in order else len(order), one[0]))


def _name(source: Source) -> str:
    return DATABASE if source == CAMPUS else source.name


def _service(source: Source, state: str, from_ms: int, *, is_stale: bool) -> Service:
    called = SERVICES.get(_name(source), Text(source.name, source.name))
    return Service(called, "off", 0) if is_stale else Service(called, _MARKS[Up(state)], from_ms)


def _cut(one: Listed) -> Cut | None:
    """Of an alarm about a segment, box/link/name."""
    parts = one.key.source.name.split("/", 2)
    if one.key.rule != CUT or len(parts) != 3:
        return None
    box, link, before = parts
    return Cut(box, link, before, str(dict(one.told).get("behind", "")), one.alarm.since_ms, one.alarm.is_active)


def _troubles(alarms: list[Listed]) -> dict[str, list[Trouble]]:
    found: dict[str, list[Trouble]] = {}
    for one in alarms:
        if one.alarm.is_active and one.key.rule != CUT:
            title = _TITLES.get(one.key.rule, Text(one.key.rule, one.key.rule))
            said = words(one.code, one.told) if one.code else ("", "")
            where = "/".join(one.key.source.name.split("/")[:2])
            found.setdefault(where, []).append(Trouble(title, said, one.alarm.since_ms))
    return found


def figures(sources: Sources) -> Figures:
    """The newest of each line, at most FIGURES_S old."""
    return _figures(sources.settings.data / FOLDER, int(time.monotonic() // FIGURES_S))


@lru_cache(maxsize=2)
def _figures(folder: Path, tick: int) -> Figures:  # noqa: ARG001 - a new tick is a new question
    now_ms = int(time.time() * 1000)
    until_ms = (now_ms // _MINUTE_MS + 1) * _MINUTE_MS
    span = Span(until_ms - _LOOKED_BACK * _MINUTE_MS, until_ms, 60)
    store = open_watch(folder)
    try:
        metrics = read_metric_store(folder)
        found = {name: series(metrics, store.db, name, span) for name in FIGURES}
    except (MetricsAway, ConfigFault):
        return Figures(0, {}, is_away=True)
    finally:
        store.close()
    of: dict[str, dict[str, float]] = {}
    for name, dots in found.items():
        for tag, values in dots.items():
            of.setdefault(tag, {})[name] = values[-1][1]
    newest = max((values[-1][0] for dots in found.values() for values in dots.values()), default=0)
    return Figures(newest, of)


def kept_or_nothing(sources: Sources, now_ms: int) -> Kept:
    """Where the watch's file cannot be read, nothing of it is known, and the rest of the page goes on."""
    try:
        return kept(sources, now_ms)
    except StoreFault:
        return Kept(0, True, [], [], {})
