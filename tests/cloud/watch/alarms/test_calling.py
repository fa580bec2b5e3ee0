"""How many alarms call is counted in the watch's file as an alarm says it of itself."""

from contextlib import closing
from itertools import product
from pathlib import Path

from cloud.watch.alarms.states import Alarm, State
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.store import open_watch
from shared.facts.told import Level


def every() -> list[Alarm]:
    """Each way in which one may stand on a list."""
    ways = product(Level, (True, False), (True, False), (0, 5), ("", "box-silent box:a"), ("", "李明"))
    found = [
        Alarm(grade, active, acked, 1, 1, shelved_until_ms=shelved, suppressed_by=cause, stopped_by=who)
        for grade, active, acked, shelved, cause, who in ways
    ]
    return [one for one in found if one.state is not State.NORMAL]


def test_the_file_counts_as_each_alarm_says(tmp_path: Path) -> None:
    alarms = every()
    with closing(open_watch(tmp_path)) as store, store.db.writing():
        changes = [
            Change(Key(f"rule-{n % 3}", Source(Kind.BOX, f"box-{n}")), 1, None, one) for n, one in enumerate(alarms)
        ]
        store.write(changes)
        wanted = {}
        for rule in range(3):
            calls = [one for n, one in enumerate(alarms) if n % 3 == rule and one.calls]
            if calls:
                wanted[f"rule-{rule}"] = len(calls), sum(one.grade is Level.URGENT for one in calls)
        assert store.calling() == wanted
        assert sum(count for count, _ in wanted.values()) == sum(one.calls for one in alarms) == len(Level) - 1
        assert sum(urgent for _, urgent in wanted.values()) == 1
