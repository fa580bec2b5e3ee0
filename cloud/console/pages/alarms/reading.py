"""What the alarm pages read, once a request: what stands, of which he sees what, and what things are called."""

import time
from dataclasses import dataclass, field

from flask import g

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.sources import Sources
from cloud.console.pages.alarms.seeing import Places, may_at, rule_named, sees
from cloud.watch.alarms.groups import Groups
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.people import standing as stands
from cloud.watch.people.standing import Standing
from cloud.watch.readings import Fleet
from cloud.watch.store import WatchStore
from cloud.watch.words import Calls, Shown, stale_line, unknown_line
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text

LOOK = "look"
"""Where a request keeps its look, for the head of the page."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the watch. seen: of what stands, what he may see."""

    at_ms: int
    standing: Standing
    fleet: Fleet | None
    groups: Groups
    calls: Calls
    places: Places
    seen: list[Shown] = field(default_factory=list)

    def may(self, rule: str, source: Source, right: Right = Right.SEE_ALARMS) -> bool:
        """May he see an alarm of this name, or answer it, whether there is one or not?"""
        return sees(signed(), self.places.of(source), rule_named(rule, self.standing.rules), right)

    def may_see(self, box: str) -> bool:
        """Does he see alarms of this box?"""
        return may_at(signed(), Right.SEE_ALARMS, self.places.of(Source(Kind.BOX, box)))

    def may_hear(self, source: Source) -> bool:
        """Does he see what this is about?"""
        return may_at(signed(), Right.SEE_ALARMS, self.places.of(source))

    def may_plan(self, source: Source) -> bool:
        """May he plan work on this?"""
        return may_at(signed(), Right.ANSWER, self.places.of(source))

    def why_unknown(self) -> list[str]:
        """What one cannot rely on, in words: the watch does not run, the ledger cannot be read."""
        found = [stale_line(self.standing.as_of_ms)] if self.standing.is_stale(self.at_ms) else []
        away = unknown_line(self.standing.shown)
        return [str(line) for line in (*found, away) if line]


def look(sources: Sources, store: WatchStore) -> Look:
    """Inside of a transaction of the store."""
    found, groups = stands.standing(store), stands.groups_in_force(store.db)
    fleet = stands.fleet_or_none(sources.reader)
    here = Look(now_ms(), found, fleet, groups, stands.calls_of(fleet, groups), Places(fleet, groups))
    here.seen.extend(one for one in found.shown if here.may(one.name, one.source))
    setattr(g, LOOK, here)
    return here


def signed() -> Signed:
    """Who asks."""
    found: Signed = g.signed
    return found


def now_ms() -> int:
    """Unix milliseconds."""
    return int(time.time() * 1000)


def moment(at_ms: int) -> str:
    """Unix milliseconds as the campus says it; empty for 0."""
    return time_text(WALL.at(at_ms / 1000)) if at_ms else ""
