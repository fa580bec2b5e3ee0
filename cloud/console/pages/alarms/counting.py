"""How many alarms call, for the head of every page; None: nobody knows, for the watch does not run."""

from flask import g

from cloud.console.access.rights import Right
from cloud.console.frame.sources import Sources
from cloud.console.pages.alarms.reading import LOOK, look, now_ms, signed
from cloud.console.pages.alarms.seeing import rule_named, sees
from cloud.watch.people.standing import rules_in_force
from cloud.watch.store import WatchStore
from cloud.watch.turn import BEAT, STALE_MS
from shared.errors import YktError


def calling(sources: Sources) -> int | None:
    """Of those that he may see. Who sees the whole campus costs the ledger nothing, and however many there are."""
    try:
        with sources.watch() as store, store.db.reading():
            if now_ms() - store.mark(BEAT) > STALE_MS:
                return None
            return _everywhere(store) if signed().everywhere(Right.SEE_ALARMS) else _here(sources, store)
    except YktError:
        return None


def _everywhere(store: WatchStore) -> int:
    rules = rules_in_force(store.db)
    return sum(
        count for name, count in store.calling().items() if sees(signed(), (), rule_named(name, rules))
    )  # fmt: skip


def _here(sources: Sources, store: WatchStore) -> int:
    """As the page has looked, if it has."""
    here = g.get(LOOK) or look(sources, store)
    return sum(one.alarm.calls for one in here.seen)
