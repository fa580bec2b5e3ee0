"""How many alarms call, for the head of every page; None: nobody knows, for the watch does not run."""

from cloud.console.access.rights import Right
from cloud.console.frame.sources import Sources
from cloud.console.pages.alarms.reading import look, now_ms, signed
from cloud.console.pages.alarms.seeing import rule_named, sees
from cloud.watch.people.standing import standing
from cloud.watch.words import Shown
from shared.errors import YktError


def calling(sources: Sources) -> int | None:
    """Of those that he may see. Who sees the whole campus costs the ledger nothing."""
    try:
        with sources.watch() as store, store.db.reading():
            found = standing(store)
            whole = signed().everywhere(Right.SEE_ALARMS)
            seen = [one for one in found.shown if _sees(one)] if whole else look(sources, store).seen
    except YktError:
        return None
    return None if found.is_stale(now_ms()) else sum(one.alarm.calls for one in seen)


def _sees(one: Shown) -> bool:
    rules = {one.rule.name: one.rule} if one.rule else {}
    return sees(signed(), (), rule_named(one.name, rules))
