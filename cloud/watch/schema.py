"""Tables of the watch's file (SQLite): alarms as they stand, all that happened to them, and what rules remember.

`steps` bring a file of any earlier version to this one; a file of a newer version is refused.
"""

from cloud.store.db import Database
from shared.errors import StoreFault
from shared.words.voice import Text

_FIRST = """
CREATE TABLE alarm (
  rule TEXT NOT NULL, source TEXT NOT NULL, grade TEXT NOT NULL, is_active INTEGER NOT NULL,
  is_acked INTEGER NOT NULL, since_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, count INTEGER NOT NULL,
  returned_ms INTEGER NOT NULL, acked_by TEXT NOT NULL, ack_until_ms INTEGER NOT NULL, taken_by TEXT NOT NULL,
  shelved_by TEXT NOT NULL, shelved_until_ms INTEGER NOT NULL, suppressed_by TEXT NOT NULL,
  stopped_by TEXT NOT NULL, assigned TEXT NOT NULL, code TEXT NOT NULL, told TEXT NOT NULL,
  PRIMARY KEY (rule, source)) WITHOUT ROWID;
CREATE TABLE event (
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, rule TEXT NOT NULL, source TEXT NOT NULL, deed TEXT NOT NULL,
  grade TEXT NOT NULL, state TEXT NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL, code TEXT NOT NULL,
  told TEXT NOT NULL);
CREATE INDEX event_of_alarm ON event (rule, source, id);
CREATE INDEX event_of_source ON event (source, at_ms);
CREATE INDEX event_of_rule ON event (rule, deed, id);
CREATE TRIGGER event_kept BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER event_stays BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TABLE reading (
  rule TEXT NOT NULL, source TEXT NOT NULL, held_ms INTEGER NOT NULL, off_ms INTEGER NOT NULL,
  window INTEGER NOT NULL, value REAL, PRIMARY KEY (rule, source)) WITHOUT ROWID;
CREATE TABLE work (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
  who TEXT NOT NULL, why TEXT NOT NULL, made_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL, ended_by TEXT NOT NULL);
CREATE TABLE flood (
  scope TEXT NOT NULL, since_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
  PRIMARY KEY (scope, since_ms)) WITHOUT ROWID;
CREATE TABLE grouping (
  number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE person (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, phone TEXT NOT NULL, mail TEXT NOT NULL,
  language TEXT NOT NULL, is_gone INTEGER NOT NULL, role TEXT NOT NULL);
CREATE TABLE call (
  rule TEXT NOT NULL, source TEXT NOT NULL, route TEXT NOT NULL, since_ms INTEGER NOT NULL, grade TEXT NOT NULL,
  opened_ms INTEGER NOT NULL, step INTEGER NOT NULL, next_ms INTEGER NOT NULL, paused_ms INTEGER NOT NULL,
  told TEXT NOT NULL, PRIMARY KEY (rule, source, route)) WITHOUT ROWID;
CREATE TABLE late (
  person TEXT NOT NULL, channel TEXT NOT NULL, rule TEXT NOT NULL, source TEXT NOT NULL,
  PRIMARY KEY (person, channel, rule, source)) WITHOUT ROWID;
CREATE TABLE message (
  id INTEGER PRIMARY KEY, made_ms INTEGER NOT NULL, person TEXT NOT NULL, channel TEXT NOT NULL,
  address TEXT NOT NULL, why TEXT NOT NULL, alarms TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
  state TEXT NOT NULL, tries INTEGER NOT NULL, next_ms INTEGER NOT NULL, done_ms INTEGER NOT NULL,
  receipt TEXT NOT NULL, instead_of INTEGER, code TEXT NOT NULL);
CREATE TABLE part (
  channel TEXT NOT NULL, number TEXT NOT NULL, message INTEGER NOT NULL, address TEXT NOT NULL,
  PRIMARY KEY (channel, number)) WITHOUT ROWID;
CREATE INDEX part_of_message ON part (message);
CREATE TABLE wrong_code (address TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE INDEX message_waits ON message (next_ms) WHERE state = 'waiting';
CREATE TABLE policy (
  number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE sample (signal TEXT NOT NULL, source TEXT NOT NULL, at_ms INTEGER NOT NULL, value REAL);
CREATE INDEX sample_of_signal ON sample (signal, at_ms);
CREATE INDEX sample_of_source ON sample (source, signal, at_ms);
CREATE TABLE ruleset (
  number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE ring (
  step_s INTEGER NOT NULL, series TEXT NOT NULL, at_ms INTEGER NOT NULL, tag TEXT NOT NULL, low REAL NOT NULL,
  high REAL NOT NULL, PRIMARY KEY (step_s, series, at_ms, tag)) WITHOUT ROWID;
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE spell (
  source TEXT NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (source, from_ms)) WITHOUT ROWID;
CREATE INDEX spell_by_time ON spell (from_ms);
CREATE TABLE looked_at (name TEXT PRIMARY KEY, place TEXT NOT NULL) WITHOUT ROWID;
"""
STEPS = (_FIRST,)
"""One per version: added to, never edited, once it has been released."""


def prepare(db: Database) -> None:
    """Bring the file to this version. StoreFault for one of a newer version, which is not touched."""
    with db.reading():
        version = _version(db)
    if version > len(STEPS):
        raise StoreFault(
            Text("值守库来自更新的版本，请升级软件", "the watch's file is of a newer version: upgrade the software")
        )
    if version < len(STEPS):
        with db.writing():
            _bring_up(db)


def _bring_up(db: Database) -> None:
    """In one transaction; another process may have been first."""
    for number, step in enumerate(STEPS[_version(db) :], _version(db) + 1):
        for sql in _statements(step):
            db.run(sql)
        db.run(f"PRAGMA user_version = {number}")


def _version(db: Database) -> int:
    found: int = db.run("PRAGMA user_version")[0][0]
    return found


def _statements(step: str) -> list[str]:
    """A trigger has semicolons of its own, and ends with END."""
    found, part = [], ""
    for line in step.strip().splitlines():
        part += line + "\n"
        if line.endswith(";") and ("CREATE TRIGGER" not in part or line.endswith("END;")):
            found.append(part)
            part = ""
    return found
