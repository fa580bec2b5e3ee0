"""Signals held against the rules that make alarms: one judgement for the list of alarms and for the tree. Pure.

An alarm waits until its condition has lasted; the tree says what holds now, and since when if the alarm stands. Of
what is not known no rule holds, and what shows whether a thing is there at all (PRESENCE) makes it unknown then.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from cloud.watch.alarms.rule import Rule, SignalRule
from cloud.watch.alarms.signals import SIGNALS
from cloud.watch.alarms.terms import Family, Signal, Source
from cloud.watch.services.terms import Reason, State, worst
from shared.facts.told import Level
from shared.words.spans import span
from shared.words.voice import Text

PRESENCE = ("box-silent", "terminal-silent", "service-down", "ledger-away", "metrics-away")
"""Signals by which a thing is there, is not, or nobody knows."""


_OF_MONEY = (Family.LEDGER, Family.CARD, Family.LOAD)
"""Their alarms are about records, not about whether a device works, and not for everybody who asks that."""


class Judged(NamedTuple):
    """Of one source: how it is, why, and what was read of it."""

    state: State
    reasons: tuple[Reason, ...]
    values: Mapping[str, float | None]


Alarms = Mapping[tuple[str, Source], int]
"""Standing alarms by rule and source: since when, Unix ms."""


def judged(signals: Iterable[Signal], rules: Sequence[Rule], alarms: Alarms) -> dict[Source, Judged]:
    """Every source that a signal speaks of."""
    by_signal: dict[str, list[SignalRule]] = {}
    for rule in rules:
        if isinstance(rule, SignalRule):
            by_signal.setdefault(rule.signal, []).append(rule)
    found: dict[Source, Judged] = {}
    for signal in signals:
        before = found.get(signal.source, Judged(State.OK, (), {}))
        state, reasons = _one(signal, by_signal.get(signal.name, ()), alarms)
        known = {reason.rule for reason in before.reasons}
        fresh = tuple(reason for reason in reasons if reason.rule not in known)
        values = {**before.values, signal.name: signal.value}
        found[signal.source] = Judged(worst((before.state, state)), before.reasons + fresh, values)
    return found


def with_alarms(
    found: Mapping[Source, Judged], read: Collection[str], rules: Sequence[Rule], alarms: Alarms
) -> dict[Source, Judged]:
    """The same, with what only the watch has seen: standing alarms of facts, and of signals that were not read."""
    by_name = {rule.name: rule for rule in rules}
    both = dict(found)
    for (name, source), since_ms in alarms.items():
        rule = by_name.get(name)
        if rule is None or rule.family in _OF_MONEY or (isinstance(rule, SignalRule) and rule.signal in read):
            continue
        before = both.get(source, Judged(State.OK, (), {}))
        state = State.WARN if rule.grade is Level.NOTICE else State.WRONG
        reason = Reason(rule.advice.title, name, since_ms)
        both[source] = before._replace(state=worst((before.state, state)), reasons=(*before.reasons, reason))
    return both


def _one(signal: Signal, rules: Sequence[SignalRule], alarms: Alarms) -> tuple[State, tuple[Reason, ...]]:
    if signal.value is None:
        return (State.UNKNOWN if signal.name in PRESENCE else State.OK), ()
    held = [rule for rule in rules if rule.looks_at(signal.source) and rule.condition.holds(signal.value)]
    states = [State.WARN if rule.grade is Level.NOTICE else State.WRONG for rule in held]
    return worst((State.OK, *states)), tuple(_reason(rule, signal, alarms) for rule in held)


def _reason(rule: SignalRule, signal: Signal, alarms: Alarms) -> Reason:
    title, figure = rule.advice.title, valued(signal.name, signal.value or 0)
    is_yes_or_no = SIGNALS[signal.name].unit == "yes"
    text = title if is_yes_or_no else Text(f"{title.zh}（{figure.zh}）", f"{title.en} ({figure.en})")
    return Reason(text, rule.name, alarms.get((rule.name, signal.source), 0))


def valued(name: str, value: float) -> Text:
    """A reading with its unit."""
    match SIGNALS[name].unit:
        case "s":
            return Text(*span(int(value)))
        case "percent":
            return Text(f"{value:.0f} %", f"{value:.0f} %")
        case "days":
            return Text(f"{value:.0f} 天", f"{value:.0f} days")
        case "fen":
            return Text(f"{value / 100:.2f} 元", f"{value / 100:.2f} yuan")
    return Text(f"{value:.0f}", f"{value:.0f}")
