"""Looks at a campus once, whatever of it is dead, within LOOK_S: what the command and the console make the tree from.

Nothing is made or changed, no file that is not there: all that is read of the watch comes from a reading connection.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from cloud.ledger.read.reader import Reader, open_reader
from cloud.process.settings import FOLDER, CloudSettings
from cloud.store.db import read_file
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rule_file import read_rules
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source, source_of
from cloud.watch.kept.planned import PLANNED
from cloud.watch.metrics.settings import read_metric_store
from cloud.watch.readings import fleet_signals, read_fleet
from cloud.watch.services.asking import Answers, ask
from cloud.watch.services.parts import read_parts
from cloud.watch.services.places import service_of
from cloud.watch.services.probes import Looked, Service, answers, probe
from cloud.watch.services.seen import Fleet, Parts, Seen
from cloud.watch.services.spells import STALE_MS, STATES, Spell, spell_of
from cloud.watch.services.tree import DATABASE, INGEST, METRICS, WATCH, part_signals
from cloud.watch.store import FILE
from cloud.watch.turn import BEAT
from shared.errors import ConfigFault, StoreFault
from shared.words.voice import Text, told_by

LOOK_S = 1.5
"""All is asked at once, and this is waited for; the whole answer is there within 2 s."""
ALARMS_MAX = 20_000
NEVER_RAN = Text("值守从未运行过", "the watch has never run")


class Kept(NamedTuple):
    """What the watch keeps: of use also when it is dead."""

    beat_ms: int
    services: tuple[Service, ...]
    spells: tuple[Spell, ...]
    alarms: Mapping[tuple[str, Source], int]
    rules: str
    planned: tuple[tuple[Source, int, int], ...]
    """On what, from when until when."""


def look(settings: CloudSettings, dsn: str | None) -> Seen:
    """As it is now. ConfigFault only for what is wrong in the settings themselves."""
    folder = settings.data / FOLDER
    store, wrong = _metric_store(folder)
    first = ask({WATCH: lambda: _kept(folder / FILE)}, LOOK_S / 3)
    kept = first.values.get(WATCH, _NOTHING_KEPT)
    questions = _questions(settings, dsn, kept)
    if store is not None:
        questions[METRICS] = _answering(store)
    asked = ask(questions, 2 * LOOK_S / 3)
    now_ms = int(time.time() * 1000)
    fleet, version = asked.values.get(DATABASE, (None, ""))
    parts = read_parts(folder)
    signals = [*asked.values.get("machine", ()), *_services(kept, asked, now_ms), *part_signals(parts, now_ms)]
    signals += [_presence(WATCH, now_ms, _is_dead(kept, parts, now_ms)), _ledger(asked, now_ms)]
    if fleet is not None:
        signals += fleet_signals(fleet, now_ms)
        signals += _ingest(signals, fleet, now_ms)
    since = {one.source: (STATES[one.state], one.from_ms) for one in kept.spells}
    return Seen(
        now_ms, settings.name, signals, _rules(kept), kept.alarms, since,
        kept.beat_ms, parts, fleet, _load(), store is not None or bool(wrong), {DATABASE: version} if version else {},
        _why(first, asked) | wrong, _planned(kept, now_ms),
    )  # fmt: skip


def _metric_store(folder: Path) -> tuple[Service | None, dict[str, Text]]:
    """Where it is, and what is wrong with its file."""
    try:
        store = read_metric_store(folder)
    except ConfigFault as fault:
        return None, {METRICS: told_by(fault)}
    return None if store is None else Service(METRICS, store.place[1:]), {}


def _why(*asked: Answers) -> dict[str, Text]:
    return {name: why for one in asked for name, why in one.why.items()}


def _questions(settings: CloudSettings, dsn: str | None, kept: Kept) -> dict[str, Callable[[], Any]]:
    """By the name of the service that each is about."""
    looked = Looked((), settings.data, settings.certificates)
    found: dict[str, Callable[[], Any]] = {
        "machine": lambda: list(probe(looked, int(time.time() * 1000))),
        DATABASE: lambda: _ledger_read(settings.dsn(dsn)),
    }
    return found | {one.name: _answering(one) for one in kept.services}


def _answering(service: Service) -> Callable[[], bool]:
    return lambda: answers(service)


def _ledger_read(dsn: str) -> tuple[Fleet, str]:
    with closing(open_reader(dsn)) as reader:
        boxes, terminals, _ = read_fleet(reader)
        return Fleet(boxes, terminals, reader.fleet.firmware().running), _version(reader)


def _version(reader: Reader) -> str:
    with reader.database.reading():
        if reader.database.dialect == "sqlite":
            return f"SQLite {reader.database.run('SELECT sqlite_version()')[0][0]}"
        return f"PostgreSQL {str(reader.database.run('SHOW server_version')[0][0]).split()[0]}"


def _services(kept: Kept, asked: Answers, now_ms: int) -> Iterator[Signal]:
    """Of what the watch was told to look after, and the store of metrics."""
    for service in kept.services:
        yield _presence(service.name, now_ms, _opposite(asked.values.get(service.name)))
    if METRICS in asked.values or METRICS in asked.why:
        away = _opposite(asked.values.get(METRICS))
        yield Signal("metrics-away", Source(Kind.SERVICE, METRICS), now_ms, away)


def _opposite(is_up: bool | None) -> float | None:
    return None if is_up is None else int(not is_up)


def _presence(name: str, now_ms: int, value: float | None) -> Signal:
    return Signal("service-down", Source(Kind.SERVICE, name), now_ms, value)


def _planned(kept: Kept, now_ms: int) -> frozenset[Source]:
    return frozenset(source for source, from_ms, until_ms in kept.planned if from_ms <= now_ms < until_ms)


def _is_dead(kept: Kept, parts: Parts | None, now_ms: int) -> float | None:
    """It looks, and its process is there where anybody tells of it."""
    part = parts.of.get(WATCH) if parts is not None else None
    if part is not None and not part.is_ready:
        return 1
    return int(now_ms - kept.beat_ms > STALE_MS) if kept is not _NOTHING_KEPT else None


def _ledger(asked: Answers, now_ms: int) -> Signal:
    """Read: it is there. Refused: it is away. No answer: nobody knows."""
    if DATABASE in asked.values:
        return Signal("ledger-away", CAMPUS, now_ms, 0)
    is_late = DATABASE in asked.late
    return Signal("ledger-away", CAMPUS, now_ms, None if is_late else 1)


def _ingest(signals: list[Signal], fleet: Fleet, now_ms: int) -> Iterator[Signal]:
    """Where no launcher tells of its process: a box that is heard shows that it works."""
    is_told = any(one.name == "service-down" and one.source.name == INGEST for one in signals)
    heard_ms = max((box.heard_ms for box in fleet.boxes), default=0)
    if not is_told and heard_ms and now_ms - heard_ms <= STALE_MS:
        yield _presence(INGEST, now_ms, 0)


def _load() -> float | None:
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except OSError:
        return None


def _rules(kept: Kept) -> tuple[Rule, ...]:
    """Those in force; of day one where what was pushed cannot be read."""
    try:
        return read_rules(kept.rules, RULES).over(RULES) if kept.rules else RULES
    except ConfigFault:
        return RULES


_NOTHING_KEPT = Kept(0, (), (), {}, "", ())
_BEAT = f"SELECT value FROM mark WHERE name = '{BEAT}'"  # noqa: S608  # our own name
_ALARMS = (
    "SELECT rule, source, since_ms FROM alarm WHERE is_active = 1 AND suppressed_by = '' AND stopped_by = '' "  # noqa: S608
    f"ORDER BY since_ms LIMIT {ALARMS_MAX}"
)
_SPELLS = "SELECT source, from_ms, until_ms, state FROM spell WHERE until_ms = 0"


def _kept(file: Path) -> Kept:
    """StoreFault: there is none, or it cannot be read, or it is of another version."""
    if not file.exists():
        raise StoreFault(NEVER_RAN)
    beats = read_file(file, _BEAT)
    rules = read_file(file, "SELECT text FROM ruleset ORDER BY number DESC LIMIT 1")
    try:
        services = tuple(service_of(*row) for row in read_file(file, "SELECT name, place FROM looked_at ORDER BY name"))
        alarms = {(rule, source_of(source)): since_ms for rule, source, since_ms in read_file(file, _ALARMS)}
        spells = tuple(spell_of(*row) for row in read_file(file, _SPELLS))
        planned = tuple((source_of(source), *times) for source, *times in read_file(file, PLANNED))
    except ValueError as fault:
        raise StoreFault(f"{file.name}: {fault}") from fault
    return Kept(beats[0][0] if beats else 0, services, spells, alarms, rules[0][0] if rules else "", planned)
