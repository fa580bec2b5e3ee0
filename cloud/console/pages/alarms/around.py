"""What stands around one alarm: how it went before, where else its rule has called, what else happened there, and what
somebody has linked it to. Of all of it what he may see."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flask import current_app, g, url_for

from cloud.console.access.audit import Question
from cloud.console.access.rights import Right
from cloud.console.frame.page import right_of
from cloud.console.frame.sources import Sources
from cloud.console.pages.alarms.course import AROUND_MS, Course, Window, course, window
from cloud.console.pages.alarms.reading import Look, moment, signed
from cloud.ledger.fleet.views import FactView
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from cloud.watch.alarms.rule import Rule, SignalRule
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.states import Deed
from cloud.watch.alarms.terms import GRADES, Kind, Source
from cloud.watch.alarms.watching import Key
from cloud.watch.kept import past
from cloud.watch.metrics.rings import minutes
from cloud.watch.notify.words import private
from cloud.watch.samples import samples_of
from cloud.watch.store import Event, WatchStore
from cloud.watch.turn import BEAT
from cloud.watch.words import DEEDS
from cloud.words.fleet.jobs import ordered_with
from shared.errors import YktError
from shared.facts.catalogue import words as fact_words
from shared.words.spans import span
from shared.words.voice import Text

BEFORE_MAX = 5
"""Earlier times that are told."""
BEFORE_MS = 30 * 86_400_000
LOOKED_MAX = 60
"""Of other sources so many of the newest are looked through for those that he may see."""
FACTS_MAX = 500
"""The ledger's newest facts, among which those of this place are."""
ORDERS_MAX = 20
BESIDE_MAX = 30
_SAYS = frozenset({Deed.ACKNOWLEDGED, Deed.TAKEN, Deed.COMMENTED, Deed.SHELVED, Deed.ASSIGNED, Deed.STOPPED})


class Episode(NamedTuple):
    """From its coming to its end. number: of the first event. ended: ''; it lasts. deeds: what people did and said."""

    number: int
    at: str
    grade: str
    ended: str
    lasted: Text | None
    deeds: list[tuple[str, str, str]]


class Elsewhere(NamedTuple):
    """The same rule, about something else."""

    number: int
    at: str
    about: str


class Beside(NamedTuple):
    """Something else that happened there at the time. href: '' where it has no page, or none that he may see."""

    at_ms: int
    said: str
    href: str = ""

    @property
    def at(self) -> str:
        """When, as the campus says it."""
        return moment(self.at_ms)


class Link(NamedTuple):
    """Of a page, or of none."""

    name: str
    href: str


def episodes(events: Sequence[Event]) -> list[Episode]:
    """The newest first; the one that stands now among them."""
    parts: list[list[Event]] = []
    for one in events:
        if one.deed is Deed.RAISED or not parts:
            parts.append([])
        parts[-1].append(one)
    return [_episode(part) for part in reversed(parts) if part[0].deed is Deed.RAISED]


def _episode(part: Sequence[Event]) -> Episode:
    end = next((one for one in part if one.deed is Deed.RETURNED), None)
    lasted = Text(*span(max(0, end.at_ms - part[0].at_ms) // 1000)) if end else None
    deeds = [(str(DEEDS[one.deed]), one.who, one.note) for one in part if one.deed in _SAYS and one.who]
    return Episode(
        part[0].number, moment(part[0].at_ms), str(GRADES[part[0].grade]), moment(end.at_ms) if end else "", lasted,
        deeds,
    )  # fmt: skip


def times(events: Sequence[Event], now_ms: int) -> int:
    """How often it came in BEFORE_MS."""
    return sum(one.deed is Deed.RAISED and one.at_ms >= now_ms - BEFORE_MS for one in events)


def elsewhere(db: Database, here: Look, key: Key) -> list[Elsewhere]:
    """The last BEFORE_MAX that he may see, one of each source. Inside of a transaction."""
    found: dict[Source, Elsewhere] = {}
    for number, at_ms, source in past.raised_elsewhere(db, key, LOOKED_MAX):
        if here.may(key.rule, source) and len(found) < BEFORE_MAX:
            found.setdefault(source, Elsewhere(number, moment(at_ms), here.calls(source)))
    return list(found.values())


def drawn(
    store: WatchStore, rule: Rule | None, source: Source, times_ms: tuple[int, int], now_ms: int
) -> Course | None:
    """times_ms: when it came, and when it was over (0: not yet). None: its rule reads no value, or none is kept. Inside
    of a transaction."""
    if not isinstance(rule, SignalRule):
        return None
    from_ms, until_ms = window(*times_ms, now_ms)
    looked = minutes(store.db, "watch-turns", from_ms)
    shown = Window(from_ms, until_ms, times_ms[0], store.mark(BEAT), looked)
    found = [one for one in samples_of(store.db, rule.signal, source, from_ms) if one.at_ms < until_ms]
    return course(found, rule, shown)


def beside(sources: Sources, store: WatchStore, here: Look, key: Key, at_ms: int) -> list[Beside] | None:
    """Half an hour on both sides of its coming, the oldest first: other alarms there, the ledger's facts, orders, what
    people did from here. None: the ledger cannot be read."""
    span_ms = at_ms - AROUND_MS, at_ms + AROUND_MS
    try:
        found = [*_alarms(store.db, here, key, span_ms), *_facts(sources, here, key.source, span_ms)]
        found += [*_orders(sources, key.source, span_ms), *_deeds(sources, key.source, span_ms)]
    except YktError:
        return None
    return sorted(found, key=lambda one: one.at_ms)[:BESIDE_MAX]


def _alarms(db: Database, here: Look, key: Key, span_ms: tuple[int, int]) -> Iterator[Beside]:
    for number, at_ms, rule, deed in past.events_at(db, key.source, *span_ms):
        if rule != key.rule and here.may(rule, key.source):
            made = here.standing.rules.get(rule)
            title = str(made.advice.title) if made else rule
            yield Beside(at_ms, f"{title}: {DEEDS[deed]}", url_for("alarm_link", number=number))


def _facts(sources: Sources, here: Look, source: Source, span_ms: tuple[int, int]) -> Iterator[Beside]:
    """Of what rules hear of, and as far as he may hear it; no card's number."""
    for one in sources.reader.facts(FACTS_MAX):
        if span_ms[0] <= one.at_ms <= span_ms[1] and _is_about(one, source) and _may_hear(here, one.code, source):
            told = one.told if isinstance(one.told, tuple) else ()
            yield Beside(one.at_ms, fact_words(one.code, private(told))[_english()] if told else one.code)


def _is_about(one: FactView, source: Source) -> bool:
    if source.kind is Kind.TERMINAL:
        return one.device.hex() == source.name
    return source.kind in (Kind.BOX, Kind.BUS) and one.box == source.name.partition("/")[0] and not one.device


def _may_hear(here: Look, code: str, source: Source) -> bool:
    heard = [rule for rule in RULES if not isinstance(rule, SignalRule) and _hears(rule.codes | rule.over, code)]
    return bool(heard) and all(here.may(rule.name, source) for rule in heard)


def _hears(codes: frozenset[str], code: str) -> bool:
    return any(one.partition("/")[0] == code for one in codes)


def _orders(sources: Sources, source: Source, span_ms: tuple[int, int]) -> Iterator[Beside]:
    if source.kind is not Kind.TERMINAL or not signed().may(Right.SEE_CAMPUS):
        return
    now = Now(span_ms[1], 0)
    for job, _ in sources.reader.fleet.orders_of(bytes.fromhex(source.name), now, ORDERS_MAX):
        if span_ms[0] <= job.made_ms <= span_ms[1]:
            yield Beside(job.made_ms, f"{ordered_with(job)} · {job.who}", url_for("job", number=job.number))


def _deeds(sources: Sources, source: Source, span_ms: tuple[int, int]) -> Iterator[Beside]:
    if not signed().may(Right.SEE_AUDIT):
        return
    for row in sources.audit.rows(Question(object=str(source)), ORDERS_MAX):
        at_ms = row.deed.at_ms
        if span_ms[0] <= at_ms <= span_ms[1]:
            yield Beside(at_ms, f"{(row.deed.zh, row.deed.en)[_english()]} · {row.deed.who}")


def _english() -> bool:
    return bool(g.language == "en")


def linked(events: Sequence[Event]) -> list[Link]:
    """What somebody has linked it to, each once."""
    named = [event.note.split("  ")[0] for event in events if event.deed is Deed.LINKED]
    return [Link(name, _page_of(name)) for name in dict.fromkeys(named)]


def _page_of(name: str) -> str:
    """Where he may look at it."""
    kind, _, of = name.partition(":")
    number = int(of) if of.isascii() and of.isdecimal() and len(of) < 10 else 0
    match kind:
        case "job" | "rollout" if number and _may(kind):
            return url_for(kind, number=number)
        case "difference" if number and _may("ledger_differences"):
            return url_for("ledger_differences", _anchor=f"d{number}")
        case "load" if _may("loads"):
            return url_for("loads", find=of.partition("/")[0])
    return ""


def _may(endpoint: str) -> bool:
    right = right_of(current_app, endpoint)
    return right is not None and signed().may(right)
