"""What the watch keeps: one transaction a turn, in which another process's word (an acknowledgement) is seen first.

There is one file and one rule: who changes an alarm loads it in the same transaction. The watch holds all of them in
memory, and reads them anew when somebody else has written since.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cloud.ledger.journal.facts import from_json, to_json
from cloud.store.db import Database, Row, open_database
from cloud.watch.alarms.states import Alarm, AlarmRefused, Deed, State, Step
from cloud.watch.alarms.terms import source_of
from cloud.watch.alarms.watching import Change, Key, Memory, Reading
from cloud.watch.kept import planned
from cloud.watch.schema import prepare
from shared.facts.told import Level, Params
from shared.words.voice import Text

FILE = "watch.db"
"""In DATA/cloud."""
_ALARM = (
    "rule, source, grade, is_active, is_acked, since_ms, last_ms, count, returned_ms, acked_by, ack_until_ms, "
    "taken_by, shelved_by, shelved_until_ms, suppressed_by, stopped_by, assigned, code, told"
)
_CALLING = (
    "SELECT rule, COUNT(*), SUM(CASE WHEN grade = ? THEN 1 ELSE 0 END) FROM alarm "
    "WHERE is_active = 1 AND is_acked = 0 AND shelved_until_ms = 0 AND suppressed_by = '' AND stopped_by = '' "
    "AND grade <> ? GROUP BY rule"
)
_EVENT = "at_ms, rule, source, deed, grade, state, who, note, code, told"
EVENTS_MAX = 1000
"""Most events of one question."""


class Listed(NamedTuple):
    """An alarm, and what raised it last."""

    key: Key
    alarm: Alarm
    code: str
    told: Params


class Event(NamedTuple):
    """Something that happened to an alarm."""

    number: int
    at_ms: int
    key: Key
    deed: Deed
    grade: Level
    state: str
    who: str
    note: str
    code: str
    told: Params


def open_watch(folder: Path) -> "WatchStore":
    """The watch's file in the cloud's folder; made where there is none."""
    db = open_database(str(folder / FILE))
    prepare(db)
    return WatchStore(db)


class WatchStore:
    """Over a prepared file. Not thread-safe."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def close(self) -> None:
        """Let the file go."""
        self.db.close()

    def version(self) -> int:
        """Another number than before: somebody else has written in between. Inside of a transaction."""
        value: int = self.db.run("PRAGMA data_version")[0][0]
        return value

    def memory(self) -> Memory:
        """All that the rules remember. Inside of a transaction."""
        alarms = {one.key: one.alarm for one in self.listed()}
        readings = {
            Key(rule, source_of(source)): Reading(*rest)
            for rule, source, *rest in self.db.run("SELECT rule, source, held_ms, off_ms, window, value FROM reading")
        }
        return Memory(alarms, readings, planned.windows(self.db))

    def write(self, changes: Iterable[Change], *, who: str = "", note: str = "") -> None:
        """Alarms as they stand now, and an event for each that something happened to. Inside of a transaction."""
        found = list(changes)
        said = {change.key: change for change in found if change.code or change.told}
        for key, change in {change.key: change for change in found}.items():
            self._put(key, change.alarm, said.get(key))
        rows = [_event_row(change, who, note) for change in found if change.deed]
        self.db.insert("event", _EVENT, rows)

    def remember(self, before: dict[Key, Reading], after: dict[Key, Reading]) -> None:
        """What signal rules remember, as far as it has changed. Inside of a transaction."""
        for key in before.keys() - after.keys():
            self.db.run("DELETE FROM reading WHERE rule = ? AND source = ?", (key.rule, str(key.source)))
        rows = [
            (key.rule, str(key.source), one.held_ms, one.off_ms, one.window, one.value)
            for key, one in after.items()
            if before.get(key) != one
        ]
        self.db.upsert("reading", "rule, source, held_ms, off_ms, window, value", "rule, source", rows)

    def mark(self, name: str) -> int:
        """How far something has been read; 0 at first. Inside of a transaction."""
        rows = self.db.run("SELECT value FROM mark WHERE name = ?", (name,))
        return rows[0][0] if rows else 0

    def marks(self, *names: str) -> list[int]:
        """Several of them at once. Inside of a transaction."""
        there = ", ".join("?" * len(names))
        found: dict[str, int] = dict(self.db.run(f"SELECT name, value FROM mark WHERE name IN ({there})", names))  # noqa: S608  # our own names
        return [found.get(name, 0) for name in names]

    def set_mark(self, name: str, value: int) -> None:
        """Inside of the transaction that wrote what was read."""
        self.db.upsert("mark", "name, value", "name", [(name, value)])

    def alarms(self) -> list[Listed]:
        """All that stand on some list, the gravest and oldest first is for whoever shows them."""
        with self.db.reading():
            return list(self.listed())

    def calling(self) -> dict[str, tuple[int, int]]:
        """Rule → how many of its alarms want a person now (`Alarm.calls`), and how many of these are urgent; counted
        where they are kept. Inside of a transaction."""
        rows = self.db.run(_CALLING, (str(Level.URGENT), str(Level.NOTICE)))
        return {rule: (count, urgent) for rule, count, urgent in rows}

    def events(self, after: int, most: int = EVENTS_MAX) -> list[Event]:
        """Those behind this number, oldest first."""
        sql = f"SELECT id, {_EVENT} FROM event WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608  # our own names
        with self.db.reading():
            return [_event(row) for row in self.db.run(sql, (after, min(most, EVENTS_MAX)))]

    def events_of(self, key: Key) -> list[Event]:
        """The last EVENTS_MAX that happened to this one, oldest first."""
        sql = f"SELECT id, {_EVENT} FROM event WHERE rule = ? AND source = ? ORDER BY id DESC LIMIT ?"  # noqa: S608
        with self.db.reading():
            rows = self.db.run(sql, (key.rule, str(key.source), EVENTS_MAX))
        return [_event(row) for row in reversed(rows)]

    @contextmanager
    def one(self, key: Key) -> Iterator["OneAlarm"]:
        """A person's word about one alarm, in one transaction. AlarmRefused where there is none."""
        with self.db.writing():
            found = next(self.listed("WHERE rule = ? AND source = ?", (key.rule, str(key.source))), None)
            if found is None:
                name = f"{key.rule} {key.source}"
                raise AlarmRefused(Text(f"没有这条报警：{name}", f"no such alarm: {name}"))
            yield OneAlarm(self, found)

    def listed(self, where: str = "", arguments: tuple[str, ...] = ()) -> Iterator[Listed]:
        """Alarms as they are kept. Inside of a transaction."""
        for row in self.db.run(f"SELECT {_ALARM} FROM alarm {where}", arguments):  # noqa: S608  # our own names
            rule, source, grade, active, acked, *rest, code, told = row
            alarm = Alarm(Level(grade), bool(active), bool(acked), *rest)
            yield Listed(Key(rule, source_of(source)), alarm, code, from_json(told))

    def _put(self, key: Key, alarm: Alarm, said: Change | None) -> None:
        where = key.rule, str(key.source)
        if alarm.state is State.NORMAL:
            self.db.run("DELETE FROM alarm WHERE rule = ? AND source = ?", where)
            return
        if said is None:
            rows = self.db.run("SELECT code, told FROM alarm WHERE rule = ? AND source = ?", where)
            code, told = rows[0] if rows else ("", to_json(()))
        else:
            code, told = said.code, to_json(said.told)
        row = (
            *where, str(alarm.grade), int(alarm.is_active), int(alarm.is_acked), alarm.since_ms, alarm.last_ms,
            alarm.count, alarm.returned_ms, alarm.acked_by, alarm.ack_until_ms, alarm.taken_by, alarm.shelved_by,
            alarm.shelved_until_ms, alarm.suppressed_by, alarm.stopped_by, alarm.assigned, code, told,
        )  # fmt: skip
        self.db.upsert("alarm", _ALARM, "rule, source", [row])


class OneAlarm:
    """An alarm in the transaction that changes it."""

    def __init__(self, store: WatchStore, listed: Listed) -> None:
        self._store = store
        self.listed = listed

    def keep(self, step: Step, at_ms: int, who: str, note: str = "") -> bool:
        """Write the step; whether anything has happened."""
        alarm, deed = step
        if deed is None:
            return False
        self._store.write([Change(self.listed.key, at_ms, deed, alarm)], who=who, note=note)
        return True


def _event_row(change: Change, who: str, note: str) -> Row:
    return (
        change.at_ms, change.key.rule, str(change.key.source), str(change.deed), str(change.alarm.grade),
        str(change.alarm.state), who, note, change.code, to_json(change.told),
    )  # fmt: skip


def _event(row: Row) -> Event:
    number, at_ms, rule, source, deed, grade, state, who, note, code, told = row
    key = Key(rule, source_of(source))
    return Event(number, at_ms, key, Deed(deed), Level(grade), state, who, note, code, from_json(told))
