"""A watch with alarms of several places, grades and families, as the pages find it."""

import time

from cloud.watch.alarms.states import Alarm, Deed
from cloud.watch.alarms.terms import CAMPUS, Kind, Source
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.turn import BEAT
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.facts.told import Level
from tests.cloud.console.rig import Rig
from tests.cloud.ledger import campus as c

BOX = Key("box-silent", Source(Kind.BOX, c.BOX))
OTHER = Key("box-silent", Source(Kind.BOX, c.OTHER_BOX))
BOOKS = Key("trial-balance", CAMPUS)
SERVICE = Key("service-down", Source(Kind.SERVICE, "broker"))
AHEAD_S = 600
"""Its last look lies ahead, so that no slow machine makes it old in the midst of a test."""


def terminal(rig: Rig, rule: str = "terminal-silent", box: str = c.BOX) -> Key:
    """An alarm of the first terminal of a box."""
    device = next(one.device for one in rig.sources.reader.terminals() if one.box == box)
    return Key(rule, Source(Kind.TERMINAL, device.hex()))


def now_ms() -> int:
    """Unix milliseconds."""
    return int(time.time() * 1000)


def alarm(grade: Level = Level.IMPORTANT, age_s: int = 60) -> Alarm:
    """One that nobody has seen yet."""
    at_ms = now_ms() - age_s * 1000
    return Alarm(grade, is_active=True, is_acked=False, since_ms=at_ms, last_ms=at_ms)


def raised(rig: Rig, key: Key, one: Alarm | None = None, *, beats: bool = True) -> Key:
    """It stands, and the watch has looked just now."""
    found = one or alarm()
    with rig.sources.watch() as store, store.db.writing():
        store.write([Change(key, found.since_ms, Deed.RAISED, found)])
        if beats:
            store.set_mark(BEAT, now_ms() + AHEAD_S * 1000)
    return key


def beaten(rig: Rig, ago_s: int = -AHEAD_S) -> None:
    """The watch has looked so long ago; if nobody says, it goes on looking."""
    with rig.sources.watch() as store, store.db.writing():
        store.set_mark(BEAT, now_ms() - ago_s * 1000)


def of(rig: Rig, key: Key) -> Alarm:
    """As it is kept."""
    with rig.sources.watch() as store:
        return next(one.alarm for one in store.alarms() if one.key == key)


def path(key: Key) -> str:
    """Its page."""
    return f"/alarms/{key.rule}/{key.source}"


def moment_in(seconds: int) -> str:
    """Campus time so long from now, as a field of a form has it."""
    return time_text(WALL.at(time.time() + seconds))[:16].replace(" ", "T")
