"""What a webhook is told: an event as JSON, in both languages, for a program. Pure.

    {"format": 1, "why": "call", "campus": …, "more": 0, "alarms": [{"rule": …, "source": "box:canteen-1", "name": …,
     "grade": …, "state": …, "since_ms": …, "title": {"zh": …, "en": …}, "told": {…}, "cause": {…}, "link": …, …}]}

A promise to whoever reads it: keys are added, never renamed. grade null: the alarm is over and gone from the list.
"""

import json
from collections.abc import Sequence
from typing import Any

from cloud.watch.alarms.drill import is_drill
from cloud.watch.alarms.states import State
from cloud.watch.notify.terms import Why
from cloud.watch.notify.words import LISTED_MAX, Calls, Told, private, private_source
from shared.facts.catalogue import words
from shared.words.voice import Text

FORMAT = 1


def event(why: Why, found: Sequence[Told], calls: Calls, campus: str) -> str:
    """One line of JSON; of more than LISTED_MAX alarms the number is said."""
    said = {
        "format": FORMAT, "why": str(why), "campus": campus, "more": max(len(found) - LISTED_MAX, 0),
        "alarms": [_alarm(one, calls) for one in found[:LISTED_MAX]],
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False)


def _alarm(one: Told, calls: Calls) -> dict[str, Any]:
    alarm, rule, source = one.alarm, one.rule, private_source(one.key.source)
    said: dict[str, Any] = {
        "rule": one.key.rule, "source": str(source), "name": calls(source),
        "grade": str(alarm.grade) if alarm else None, "state": str(alarm.state if alarm else State.NORMAL),
        "since_ms": alarm.since_ms if alarm else None, "drill": is_drill(one.key),
    }  # fmt: skip
    if one.link:
        said["link"] = one.link
    if one.under:
        said["explains"] = one.under
    if one.code:
        said["told"] = _both(Text(*words(one.code, private(one.told))))
    if rule is not None:
        advice = rule.advice
        said |= {
            "title": _both(advice.title), "cause": _both(advice.cause_of(calls(one.key.source))),
            "consequence": _both(advice.consequence), "action": _both(advice.action),
        }  # fmt: skip
    return said


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
