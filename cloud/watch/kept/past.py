"""What happened to alarms and what was told, as figures look at them. Inside of transactions of the watch's file."""

import json
from collections.abc import Iterator

from cloud.store.db import Database, Row
from cloud.watch.alarms.drill import DRILL
from cloud.watch.alarms.figures import Past
from cloud.watch.alarms.states import Deed, State
from cloud.watch.alarms.terms import Source, source_of
from cloud.watch.alarms.watching import Key
from shared.facts.told import Level

AT_MAX = 200
"""Events of one source in one question."""
PART = 10_000
"""Events that are read at once."""


def past(db: Database, from_ms: int) -> Iterator[Past]:
    """From then on, by time; a drill is none of it."""
    sql = (
        "SELECT id, at_ms, rule, source, deed, grade, state FROM event "
        "WHERE id > ? AND at_ms >= ? AND rule <> ? ORDER BY id LIMIT ?"
    )
    number, rows = 0, list[Row]()
    while not number or len(rows) == PART:
        rows = db.run(sql, (number, from_ms, DRILL, PART))
        number = rows[-1][0] if rows else 1
        for _, at_ms, rule, source, deed, grade, state in rows:
            yield Past(at_ms, Key(rule, source_of(source)), Deed(deed), Level(grade), State(state))


def first_ms(db: Database, from_ms: int) -> int:
    """When the first thing happened that is kept, from then on; from_ms: nothing has."""
    return db.run("SELECT MIN(at_ms) FROM event WHERE at_ms >= ?", (from_ms,))[0][0] or from_ms


def last_raised_ms(db: Database) -> int:
    """When an alarm came last, whatever became of it; 0: none ever did."""
    rows = db.run("SELECT at_ms FROM event WHERE deed = ? ORDER BY id DESC LIMIT 1", (str(Deed.RAISED),))
    return rows[0][0] if rows else 0


def newest_of(db: Database, key: Key) -> int:
    """The number of what happened last to this alarm: a short name of it; 0: nothing did."""
    rows = db.run("SELECT MAX(id) FROM event WHERE rule = ? AND source = ?", (key.rule, str(key.source)))
    return rows[0][0] or 0


def newest(db: Database) -> tuple[int, ...]:
    """Numbers that rise with what happens to alarms, with what is told of them and becomes of it, and with pushes."""
    tables = ("event", "message", "policy", "ruleset", "grouping", "work")
    found = [db.run(f"SELECT COALESCE(MAX(rowid), 0) FROM {name}")[0][0] for name in tables]  # noqa: S608  # our own
    sent = "SELECT done_ms > 0 AS is_done, tries FROM message ORDER BY id DESC LIMIT ?"
    sums = db.run(f"SELECT COALESCE(SUM(is_done), 0), COALESCE(SUM(tries), 0) FROM ({sent})", (AT_MAX,))  # noqa: S608
    return (*found, *sums[0])


def key_of_event(db: Database, number: int) -> Key | None:
    """What it happened to; None: there is no such number."""
    rows = db.run("SELECT rule, source FROM event WHERE id = ?", (number,))
    return Key(rows[0][0], source_of(rows[0][1])) if rows else None


def raised_elsewhere(db: Database, key: Key, most: int) -> list[tuple[int, int, Source]]:
    """Where else the same rule has raised something: number, when, of what; the newest first."""
    sql = "SELECT id, at_ms, source FROM event WHERE rule = ? AND deed = ? AND source <> ? ORDER BY id DESC LIMIT ?"
    rows = db.run(sql, (key.rule, str(Deed.RAISED), str(key.source), most))
    return [(number, at_ms, source_of(source)) for number, at_ms, source in rows]


def events_at(db: Database, source: Source, from_ms: int, until_ms: int) -> list[tuple[int, int, str, Deed]]:
    """What happened to alarms of this source then: number, when, rule, deed; by time."""
    sql = "SELECT id, at_ms, rule, deed FROM event WHERE source = ? AND at_ms BETWEEN ? AND ? ORDER BY id LIMIT ?"
    rows = db.run(sql, (str(source), from_ms, until_ms, AT_MAX))
    return [(number, at_ms, rule, Deed(deed)) for number, at_ms, rule, deed in rows]


def raised_by_rule(db: Database, from_ms: int) -> dict[str, int]:
    """How often each rule has raised something since then."""
    sql = "SELECT rule, COUNT(*) FROM event WHERE deed = ? AND at_ms >= ? GROUP BY rule"
    return dict(db.run(sql, (str(Deed.RAISED), from_ms)))


def told(db: Database, from_ms: int) -> dict[str, list[int]]:
    """Of each person when something called him: every alarm of a call once, a digest as one. By the first way alone;
    a drill is none of it."""
    found: dict[str, dict[tuple[int, str], int]] = {}
    sql = "SELECT person, made_ms, why, alarms FROM message WHERE made_ms >= ? AND person NOT LIKE 'hook:%' ORDER BY id"
    for person, made_ms, why, alarms in db.run(sql, (from_ms,)):
        real = [key for key in json.loads(alarms) if key[0] != DRILL]
        if why in ("call", "escalation") and real:
            found.setdefault(person, {}).update(((made_ms, str(key)), made_ms) for key in real)
        elif why == "digest" and real:
            found.setdefault(person, {})[made_ms, why] = made_ms
    return {person: list(times.values()) for person, times in found.items()}


def failed(db: Database, from_ms: int) -> int:
    """Messages that no way has taken, and none went by another in their place."""
    sql = (
        "SELECT COUNT(*) FROM message m WHERE made_ms >= ? AND state = 'failed' "
        "AND NOT EXISTS (SELECT 1 FROM message o WHERE o.instead_of = m.id AND o.state IN ('sent', 'arrived'))"
    )
    count: int = db.run(sql, (from_ms,))[0][0]
    return count
