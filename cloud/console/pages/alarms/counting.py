"""How many alarms call, for the head of every page; None: nobody knows, for the watch does not run."""

from flask import g

from cloud.console.access.rights import Right
from cloud.console.frame.sources import Sources
from cloud.console.pages.alarms.reading import LOOK, Look, look, now_ms, signed
from cloud.console.pages.alarms.seeing import rule_named, sees
from cloud.watch.people.standing import rules_in_force
from cloud.watch.store import WatchStore
from cloud.watch.turn import BEAT, STALE_MS
from shared.errors import YktError


def calling(sources: Sources) -> int | None:
    """Of those that he may see. A page that has looked is asked nothing more; who sees the whole campus costs the
    ledger nothing, however many there are."""
    try:
        return _counted(g.get(LOOK)) if LOOK in g else _asked(sources)
    except YktError:
        return None


def _asked(sources: Sources) -> int | None:
    with sources.watch() as store, store.db.reading():
        if not signed().everywhere(Right.SEE_ALARMS):
            return _counted(look(sources, store))
        is_stale = now_ms() - store.mark(BEAT) > STALE_MS
        return None if is_stale else _everywhere(store)


def _counted(here: Look) -> int | None:
    return None if here.standing.is_stale(now_ms()) else sum(one.alarm.calls for one in here.seen)


def _everywhere(store: WatchStore) -> int:
    rules = rules_in_force(store.db)
    return sum(
        count for name, count in store.calling().items() if sees(signed(), (), rule_named(name, rules))
    )  # fmt: skip
