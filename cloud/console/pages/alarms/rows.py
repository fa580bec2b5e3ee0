"""Alarms as the list has them: words, marks, order, and what stands beneath what. No rule of the watch is made here."""

from collections.abc import Mapping, Sequence
from typing import Any

from cloud.console.frame.table import Column
from cloud.console.pages.alarms.reading import Look, moment
from cloud.watch.alarms.states import STATES, State
from cloud.watch.alarms.terms import FAMILIES, GRADES
from cloud.watch.alarms.watching import cause_text
from cloud.watch.people.standing import key_of
from cloud.watch.words import ALIKE_MIN, Shown, cause_line
from shared.facts.told import Level
from shared.words.spans import span
from shared.words.voice import Language, Text, spoken

Row = dict[str, Any]
ORDER = (
    State.UNACKNOWLEDGED, State.RETURNED, State.ACKNOWLEDGED, State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE,
)  # fmt: skip
"""Of the list, from above."""
COLUMNS: tuple[Column[Row], ...] = (
    Column("alarm_grade", lambda row: row["rank"]),
    Column("alarm", lambda row: row["title"]),
    Column("alarm_about", lambda row: row["about"]),
    Column("age", lambda row: -row["since_ms"]),
    Column("alarm_owner", lambda row: row["owner"]),
    Column("state", lambda row: row["state"]),
    Column("alarm_family", lambda row: row["family"]),
    Column("what", lambda row: row["said"]),
)
EXPORT: tuple[Column[Row], ...] = (
    Column("alarm_grade", lambda row: row["grade_word"]), Column("state", lambda row: row["state"]),
    Column("alarm", lambda row: row["title"]), Column("alarm_about", lambda row: row["about"]),
    Column("alarm_family", lambda row: row["family"]), Column("what", lambda row: row["said"]),
    Column("since", lambda row: row["since"]), Column("alarm_times_of", lambda row: row["count"], numeric=True),
    Column("alarm_owner", lambda row: row["owner"]), Column("alarm_beneath", lambda row: row["under"], numeric=True),
    Column("alarm_rule", lambda row: row["rule"]), Column("alarm_source", lambda row: row["source"]),
)  # fmt: skip
FILTERS = ("state", "family", "grade", "place", "rule")


def rows(here: Look) -> list[Row]:
    """All that he sees: what wants somebody first, of one state the gravest, of one grade the oldest."""
    found = [_row(here, one) for one in here.seen]
    by_key = {row["key"]: row for row in found}
    for row in found:
        above = by_key.get(row["cause"])
        if above is not None and row["is_active"]:
            above["beneath"].append(row)
            row["is_beneath"] = True
    for row in found:
        row["under"] = len(row["beneath"])
    return sorted(found, key=lambda row: (row["order"], row["rank"], row["since_ms"]))


def chosen(found: Sequence[Row], kept: Mapping[str, str]) -> list[Row]:
    """As the filters of the address choose; without one, what another explains stands beneath it alone."""
    fields = {"state": "state_key", "family": "family_key", "grade": "grade", "place": "place", "rule": "rule"}
    if not kept:
        return [row for row in found if not row["is_beneath"]]
    return [row for row in found if all(row[fields[name]] == value for name, value in kept.items())]


def alike(found: Sequence[Row]) -> list[Row]:
    """In a flood: of each rule that calls for many things, and is not urgent, one row that stands for all of them."""
    by_rule: dict[str, list[Row]] = {}
    for row in found:
        if row["calls"] and row["grade"] != Level.URGENT.value:
            by_rule.setdefault(row["rule"], []).append(row)
    many = [own for own in by_rule.values() if len(own) >= ALIKE_MIN]
    return [own[0] | {"times": len(own), "named": [row["about"] for row in own[:ALIKE_MIN]]} for own in many]


def _row(here: Look, one: Shown) -> Row:
    alarm, key = one.alarm, key_of(one)
    places = here.places.of(one.source)
    return {
        "rule": one.name, "source": str(one.source), "key": cause_text(key), "cause": alarm.suppressed_by,
        "state": str(STATES[alarm.state]), "state_key": alarm.state.value, "order": ORDER.index(alarm.state),
        "grade": alarm.grade.value, "grade_word": str(GRADES[alarm.grade]), "rank": list(GRADES).index(alarm.grade),
        "title": str(one.rule.advice.title) if one.rule else one.name, "about": here.calls(one.source),
        "said": cause_line(one, here.calls), "family": str(FAMILIES[one.rule.family]) if one.rule else "",
        "family_key": one.rule.family.value if one.rule else "", "since_ms": alarm.since_ms,
        "since": moment(alarm.since_ms), "age": age((here.at_ms - alarm.since_ms) // 1000), "count": alarm.count,
        "owner": alarm.assigned or alarm.taken_by or alarm.acked_by or alarm.shelved_by or alarm.stopped_by,
        "place": places[0].box if places else "", "calls": alarm.calls, "is_active": alarm.is_active,
        "shelved_until": moment(alarm.shelved_until_ms), "ack_until": moment(alarm.ack_until_ms),
        "is_acked": alarm.is_acked, "is_shelved": bool(alarm.shelved_until_ms), "is_stopped": bool(alarm.stopped_by),
        "suppressed_by": alarm.suppressed_by, "beneath": [], "is_beneath": False,
    }  # fmt: skip


def age(seconds: int) -> str:
    """How long, in the language of the page."""
    return span(max(0, seconds))[spoken() is Language.EN]


def named(texts: Mapping[Any, Text]) -> list[tuple[str, str]]:
    """Of a table of words: values and what people call them."""
    return [(key.value, str(text)) for key, text in texts.items()]
