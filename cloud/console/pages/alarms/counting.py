"""How many alarms call, for the head of every page and for the sound of urgent ones; of those that he may see."""

from typing import NamedTuple

from flask import g, jsonify

from cloud.console.access.rights import Right
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.pages.alarms.reading import LOOK, Look, look, now_ms, signed
from cloud.console.pages.alarms.seeing import rule_named, sees
from cloud.watch.alarms.flood import CAMPUS
from cloud.watch.kept import floods
from cloud.watch.people.standing import rules_in_force
from cloud.watch.store import WatchStore
from cloud.watch.turn import BEAT, STALE_MS
from shared.errors import YktError
from shared.facts.told import Level


class Calling(NamedTuple):
    """How many call, and how many of them are urgent. flooded: so much comes that it is told together."""

    calls: int
    urgent: int
    flooded: bool


def calling(sources: Sources) -> int | None:
    """How many call; None: nobody knows, for the watch does not run."""
    found = counted(sources)
    return found.calls if found else None


def counted(sources: Sources) -> Calling | None:
    """None: nobody knows. A page that has looked is asked nothing more; who sees the whole campus costs the ledger
    nothing, however many there are."""
    try:
        return _counted(g.get(LOOK)) if LOOK in g else _asked(sources)
    except YktError:
        return None


def _asked(sources: Sources) -> Calling | None:
    with sources.watch() as store, store.db.reading():
        if not signed().everywhere(Right.SEE_ALARMS):
            return _counted(look(sources, store))
        is_stale = now_ms() - store.mark(BEAT) > STALE_MS
        return None if is_stale else _everywhere(store)


def _counted(here: Look) -> Calling | None:
    if here.standing.is_stale(now_ms()):
        return None
    calls = [one.alarm for one in here.seen if one.alarm.calls]
    return Calling(len(calls), sum(one.grade is Level.URGENT for one in calls), CAMPUS in here.standing.flooded)


def _everywhere(store: WatchStore) -> Calling:
    rules = rules_in_force(store.db)
    found = [counts for name, counts in store.calling().items() if sees(signed(), (), rule_named(name, rules))]
    calls, urgent = (sum(counts[part] for counts in found) for part in (0, 1))
    return Calling(calls, urgent, CAMPUS in floods.lasting(store.db))


def _api_calling(sources: Sources) -> Reply:
    """urgent null: not known."""
    found = counted(sources)
    return jsonify(found._asdict() if found else {"calls": None, "urgent": None, "flooded": False})


PAGES = (Page("api_calling", "/api/v1/calling", Right.SEE_ALARMS, _api_calling),)
