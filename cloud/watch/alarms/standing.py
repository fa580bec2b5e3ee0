"""How things stand in a few words, for a line that shows it: counts by grade, and the worst one. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from cloud.watch.alarms.drill import is_drill
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.states import Alarm, State
from cloud.watch.alarms.terms import GRADES, Source
from cloud.watch.alarms.watching import Key
from shared.facts.told import Level
from shared.words.voice import Text

_THERE = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED})


def standing(alarms: Mapping[Key, Alarm], rules: Mapping[str, Rule], calls: Callable[[Source], str]) -> dict[str, Any]:
    """grades: alarms that are there, by grade, but for notices and what is shelved, suppressed or out of service;
    unseen: those of them that nobody has acknowledged; returned: over, and nobody has looked; worst: its words, an
    unseen one first; drill: one that is there on purpose, which no count holds."""
    there = {key: one for key, one in alarms.items() if one.grade is not Level.NOTICE}
    drill = any(is_drill(key) and one.is_active for key, one in there.items())
    there = {key: one for key, one in there.items() if not is_drill(key)}
    found = {key: one for key, one in there.items() if one.state in _THERE}
    grades = Counter(str(one.grade) for one in found.values())
    worst = min(found, key=lambda key: _order(found[key]), default=None)
    words = _words(worst, rules, calls) if worst else None
    return {
        "grades": {str(grade): grades[str(grade)] for grade in GRADES if grades[str(grade)]},
        "unseen": sum(one.state is State.UNACKNOWLEDGED for one in found.values()),
        "returned": sum(one.state is State.RETURNED for one in there.values()),
        "worst": {"zh": words.zh if words else "", "en": words.en if words else ""}, "drill": drill,
    }  # fmt: skip


def _order(alarm: Alarm) -> tuple[bool, int, int]:
    return alarm.is_acked, list(GRADES).index(alarm.grade), alarm.since_ms


def _words(key: Key, rules: Mapping[str, Rule], calls: Callable[[Source], str]) -> Text:
    rule, name = rules.get(key.rule), calls(key.source)
    title = rule.advice.title if rule else Text(key.rule, key.rule)
    return Text(f"{title.zh} {name}", f"{title.en} {name}")
