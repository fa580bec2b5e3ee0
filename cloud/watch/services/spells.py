"""Since when a service, a box or the ledger has been up, down or unknown: spells 时段 in the watch's file.

Judged by the rules of day one, so that availability does not change with an operator's rules. What the watch did not
look at is in no spell: neither up nor down. Bounds: DAYS_KEPT, and SPELLS_MAX in all; the oldest go first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from cloud.store.db import Database
from cloud.watch.alarms.rule import Rule, SignalRule
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source, source_of
from cloud.watch.services.terms import State

DAYS_KEPT = 400
SPELLS_MAX = 200_000
SWEEP_EVERY = 200
"""Spells after which it is looked for what is too old."""
STALE_MS = 15_000
"""A watch that has not looked for so long has known nothing meanwhile."""
_OF = ("box-silent", "service-down", "ledger-away", "metrics-away")
"""By these a thing is up or down; terminals are too many, and not in it."""
CARRIERS = (Source(Kind.SERVICE, "broker"), Source(Kind.SERVICE, "ingest"), CAMPUS)
"""What brings word of boxes; the campus's own spell is that of the ledger."""
GRACE_MS = 60_000
"""After these are back a box has so long to be heard again."""
_DAY_MS = 86_400_000
_COLUMNS = "source, from_ms, until_ms, state"


class Up(StrEnum):
    """A promise to the file."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


STATES = {Up.UP: State.OK, Up.DOWN: State.WRONG, Up.UNKNOWN: State.UNKNOWN}


class Spell(NamedTuple):
    """until_ms 0: it goes on."""

    source: Source
    from_ms: int
    until_ms: int
    state: Up


def _rules(rules: Sequence[Rule]) -> dict[str, list[SignalRule]]:
    found: dict[str, list[SignalRule]] = {}
    for one in rules:
        if isinstance(one, SignalRule) and one.signal in _OF:
            found.setdefault(one.signal, []).append(one)
    return found


_RULES = _rules(RULES)


def up(signal: Signal) -> Up:
    """How a thing is by this reading."""
    if signal.value is None:
        return Up.UNKNOWN
    rules = (rule for rule in _RULES[signal.name] if rule.looks_at(signal.source))
    return Up.DOWN if any(rule.condition.holds(signal.value) for rule in rules) else Up.UP


class Spells:
    """Over the watch's file. Not thread-safe. beat_ms: when the watch last looked, before it began anew."""

    def __init__(self, db: Database, beat_ms: int) -> None:
        self._db, self._beat_ms = db, beat_ms
        self._running: dict[Source, Spell] | None = None
        self._written = 0

    def keep(self, signals: Iterable[Signal], now_ms: int) -> None:
        """What has changed, in a transaction of its own; none where nothing has. StoreFault: it is kept next time."""
        known = self._resumed(now_ms)
        fresh = list(_changed(known, list(signals)))
        if not fresh:
            return
        with self._db.writing():
            for spell in fresh:
                self._write(known.get(spell.source), spell)
            self._sweep(len(fresh), now_ms)
        known.update({spell.source: spell for spell in fresh})

    def _resumed(self, now_ms: int) -> dict[Source, Spell]:
        if self._running is not None:
            return self._running
        with self._db.writing():
            if now_ms - self._beat_ms > STALE_MS:
                sql = "UPDATE spell SET until_ms = MAX(from_ms, ?) WHERE until_ms = 0"
                self._db.run(sql, (self._beat_ms,))
            self._running = {spell.source: spell for spell in spells(self._db, now_ms) if not spell.until_ms}
        return self._running

    def _write(self, before: Spell | None, spell: Spell) -> None:
        if before is not None:
            where = str(before.source), before.from_ms
            self._db.run("UPDATE spell SET until_ms = ? WHERE source = ? AND from_ms = ?", (spell.from_ms, *where))
        row = (str(spell.source), spell.from_ms, 0, spell.state)
        self._db.upsert("spell", _COLUMNS, "source, from_ms", [row])

    def _sweep(self, written: int, now_ms: int) -> None:
        self._written += written
        if self._written < SWEEP_EVERY:
            return
        self._written = 0
        sweep(self._db, now_ms)


def sweep(db: Database, now_ms: int) -> None:
    """Let the oldest go; what goes on stays. Inside of a transaction."""
    db.run("DELETE FROM spell WHERE until_ms > 0 AND until_ms < ?", (now_ms - DAYS_KEPT * _DAY_MS,))
    nth = "SELECT from_ms FROM spell ORDER BY from_ms DESC LIMIT 1 OFFSET ?"
    rows = db.run(nth, (SPELLS_MAX,))
    if rows:
        db.run("DELETE FROM spell WHERE until_ms > 0 AND from_ms <= ?", rows[0])


def spells(db: Database, from_ms: int) -> list[Spell]:
    """Those that go on, and those that ended after then, by time. Inside of a transaction."""
    sql = f"SELECT {_COLUMNS} FROM spell WHERE until_ms = 0 OR until_ms > ? ORDER BY from_ms"  # noqa: S608  # our own
    return [spell_of(*row) for row in db.run(sql, (from_ms,))]


def spell_of(source: str, from_ms: int, until_ms: int, state: str) -> Spell:
    """As it is kept."""
    return Spell(source_of(source), from_ms, until_ms, Up(state))


def _changed(running: Mapping[Source, Spell], signals: Sequence[Signal]) -> Iterator[Spell]:
    """What is otherwise than before. A spell never begins before the last one."""
    known = dict(running)
    for signal in sorted(signals, key=lambda one: one.source.kind is Kind.BOX):
        if signal.name not in _RULES:
            continue
        state, before = _state(signal, known), known.get(signal.source)
        if before is None or before.state is not state:
            known[signal.source] = Spell(signal.source, _begin(signal, state, before), 0, state)
            yield known[signal.source]
    away = next((signal for signal in signals if signal.name == "ledger-away" and signal.value), None)
    if away is not None:
        yield from _unread(known, away.at_ms)


def _state(signal: Signal, known: Mapping[Source, Spell]) -> Up:
    """A box is down by its own fault only: not while nothing brings word of it, nor just after."""
    state = up(signal)
    if signal.source.kind is not Kind.BOX or state is not Up.DOWN:
        return state
    carriers = [known[source] for source in CARRIERS if source in known]
    if any(one.state is not Up.UP for one in carriers):
        return Up.UNKNOWN
    back_ms = max((one.from_ms for one in carriers), default=0)
    heard_ms = signal.at_ms - (signal.value or 0) * 1000
    return Up.UNKNOWN if heard_ms < back_ms and signal.at_ms - back_ms < GRACE_MS else state


def _begin(signal: Signal, state: Up, before: Spell | None) -> int:
    """A box that was up was down since it was last heard, not since somebody noticed."""
    if before is None:
        return signal.at_ms
    was_up = signal.source.kind is Kind.BOX and state is Up.DOWN and before.state is Up.UP
    silent_ms = int((signal.value or 0) * 1000) if was_up else 0
    return max(signal.at_ms - silent_ms, before.from_ms + 1)


def _unread(known: Mapping[Source, Spell], at_ms: int) -> Iterator[Spell]:
    """The ledger cannot be read: of boxes nothing is known."""
    for source, spell in known.items():
        if source.kind is Kind.BOX and spell.state is not Up.UNKNOWN:
            yield Spell(source, max(at_ms, spell.from_ms + 1), 0, Up.UNKNOWN)
