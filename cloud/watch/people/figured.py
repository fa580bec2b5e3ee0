"""How well alarms serve people, of what is kept. Inside of a transaction of the watch's file."""

from cloud.watch.alarms.drill import is_drill
from cloud.watch.alarms.figures import Figures, figures
from cloud.watch.kept import floods, past
from cloud.watch.people.standing import rules_in_force
from cloud.watch.store import WatchStore


def figured(store: WatchStore, last_s: int, until_ms: int) -> Figures:
    """Of so long until then; of what is kept of it."""
    db = store.db
    alarms = {one.key: one.alarm for one in store.listed() if not is_drill(one.key)}
    from_ms = past.first_ms(db, until_ms - last_s * 1000)
    return figures(
        past.past(db, from_ms), alarms, rules_in_force(db),
        past.told(db, from_ms), floods.since(db, from_ms), past.failed(db, from_ms), from_ms, until_ms,
    )  # fmt: skip
