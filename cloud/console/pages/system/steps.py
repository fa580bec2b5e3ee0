"""The first steps of a campus 设置向导, each read from the truth and never ticked by hand: done, not done, or unknown.

A source that cannot be read makes its own steps unknown.
"""

import time
from collections.abc import Callable
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from cloud.console.frame.sources import Sources
from cloud.console.pages.places.kept import plans_of
from cloud.console.pages.system.services import campus
from cloud.process.settings import FOLDER
from cloud.store.db import Database, open_database
from cloud.watch.notify import queue
from cloud.watch.notify.persons import persons
from cloud.watch.pushes import POLICIES, RULESETS
from cloud.watch.services.terms import State, What
from cloud.watch.subjects.marks import MARK, finished
from shared.errors import YktError

FILE = "console.db"
BACKUP_MS = 2 * 86_400_000
"""A backup older than this is none."""
_DISMISSED = "CREATE TABLE IF NOT EXISTS setup_dismissed (at INTEGER NOT NULL, who TEXT NOT NULL) STRICT"


class Done(StrEnum):
    """How a step stands."""

    YES = "done"
    NO = "not"
    UNKNOWN = "unknown"


class Step(NamedTuple):
    """name: a key of the words, `step_name`, `step_name_note`. at: the address of the page where it is done."""

    name: str
    at: str
    done: Done


_STEPS: tuple[tuple[str, str, Callable[[Sources], bool | None]], ...]


def steps(sources: Sources) -> list[Step]:
    """All, in the order in which one takes them."""
    return [Step(name, at, _done(sources, read)) for name, at, read in _STEPS]


def _done(sources: Sources, read: Callable[[Sources], bool | None]) -> Done:
    try:
        found = read(sources)
    except YktError:
        found = None
    return Done.UNKNOWN if found is None else Done.YES if found else Done.NO


def _has_factors(sources: Sources) -> bool:
    factors = sources.accounts.factors
    return all(factors.wants_code(name) or bool(factors.passkeys(name)) for name in sources.accounts.admins())


def _has_tls(sources: Sources) -> bool | None:
    """Certificates are good for a while, and no box takes terminals in the clear."""
    certificates = [one.state for one in campus(sources).walk() if one.what is What.CERTIFICATE]
    plain = any(box.state is not None and box.state.plain for box in sources.reader.boxes())
    if not certificates or State.UNKNOWN in certificates:
        return False if plain else None
    return not plain and all(state is State.OK for state in certificates)


def _has_box(sources: Sources) -> bool:
    return any(box.heard_ms for box in sources.reader.boxes())


def _has_terminal(sources: Sources) -> bool:
    return any(one.heard_ms for one in sources.reader.terminals())


def _has_persons(sources: Sources) -> bool:
    with sources.watch() as watch, watch.db.reading():
        return any(not one.is_gone and (one.phone or one.mail) for one in persons(watch.db))


def _has_policy(sources: Sources) -> bool:
    with sources.watch() as watch, watch.db.reading():
        return bool(POLICIES.in_force(watch.db))


def _has_way(sources: Sources) -> bool:
    """Has any message gone out by a way that is set up?"""
    with sources.watch() as watch, watch.db.reading():
        sql = "SELECT 1 FROM message WHERE state IN (?, ?) LIMIT 1"
        return bool(watch.db.run(sql, (queue.State.SENT.value, queue.State.ARRIVED.value)))


def _has_address(sources: Sources) -> bool:
    return bool(sources.settings.console_address) or sources.settings.demo


def _has_rules(sources: Sources) -> bool:
    with sources.watch() as watch, watch.db.reading():
        return bool(RULESETS.in_force(watch.db))


def _has_backup(sources: Sources) -> bool:
    at_ms = finished(sources.settings.data / FOLDER / MARK)
    return at_ms is not None and time.time() * 1000 - at_ms < BACKUP_MS


def _has_plan(sources: Sources) -> bool:
    """Is there one that somebody sees devices on?"""
    return bool(plans_of(sources).all_spots())


def _console_file(sources: Sources) -> Database:
    path: Path = sources.settings.data / FOLDER / FILE
    return open_database(str(path))


_STEPS = (
    ("factors", "/me/factors", _has_factors),
    ("tls", "/services", _has_tls),
    ("box", "/devices", _has_box),
    ("terminal", "/devices", _has_terminal),
    ("plan", "/plans", _has_plan),
    ("persons", "/notify", _has_persons),
    ("policy", "/notify", _has_policy),
    ("way", "/notify", _has_way),
    ("address", "/notify", _has_address),
    ("rules", "/rules", _has_rules),
    ("backup", "/services", _has_backup),
)


def is_dismissed(sources: Sources) -> bool:
    """Has an administrator put the list away?"""
    with closing(_console_file(sources)) as db, db.writing():
        db.run(_DISMISSED)
        return bool(db.run("SELECT 1 FROM setup_dismissed LIMIT 1"))


def dismiss(sources: Sources, who: str, now: int, *, away: bool) -> None:
    """Put it away, or take it up again."""
    with closing(_console_file(sources)) as db, db.writing():
        db.run(_DISMISSED)
        db.run("DELETE FROM setup_dismissed")
        if away:
            db.insert("setup_dismissed", "at, who", [(now, who)])
