"""A rule tried on what was recorded: how often it would have come, and how much of that together. Pure.

What was recorded of a signal is kept where it changed (within a twelfth of its size); between, it stood. So a duration
is exact, a threshold is reached up to a twelfth late, and n of m is looked at as the watch would have, look by look.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import NamedTuple

from cloud.watch.alarms.rule import FactRule, Rule, SignalRule, When
from cloud.watch.alarms.states import Deed
from cloud.watch.alarms.terms import Happening, Signal, Source
from cloud.watch.alarms.watching import Change, Memory, Watching

TOGETHER_MS = 600_000
FLOOD = 10
"""More than so many in TOGETHER_MS is a flood to one person."""
EVENTS_MAX = 10_000
"""Times that are listed; more are counted."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What would have been: when and where, in order, at most EVENTS_MAX; how many in all; the most within ten minutes;
    how many come to nothing before two minutes are over."""

    raised: tuple[tuple[int, Source], ...]
    count: int
    most_together: int
    short: int

    @property
    def floods(self) -> bool:
        """Would it have flooded a person by itself?"""
        return self.most_together > FLOOD


SHORT_MS = 120_000


class Eating(NamedTuple):
    """When people ate: whether they did at a moment (None: nobody knows), and when that changed."""

    at: Callable[[int], bool | None]
    changes_ms: Sequence[int] = ()


UNKNOWN_MEALS = Eating(lambda _: None)


def tried(
    rule: Rule, facts: Iterable[Happening], samples: Sequence[Signal], from_ms: int, until_ms: int, look_ms: int,
    eating: Eating = UNKNOWN_MEALS,
) -> Trial:  # fmt: skip
    """samples: of the rule's signal, by time; those before from_ms say how things stood then."""
    watching = Watching([rule], Memory())
    changes: list[Change] = []
    if isinstance(rule, FactRule):
        for happening in facts:
            changes += watching.passed(happening.at_ms)
            changes += watching.happened([happening])
        changes += watching.passed(until_ms)
    else:
        for signal in _looks(rule, samples, until_ms, look_ms, eating.changes_ms):
            changes += watching.read([signal], is_meal=eating.at(signal.at_ms))
    return _summed([change for change in changes if change.at_ms >= from_ms])


def _looks(
    rule: SignalRule, samples: Sequence[Signal], until_ms: int, look_ms: int, changes_ms: Sequence[int]
) -> Iterator[Signal]:
    """What stood at each moment when a rule can become due: at a sample, when a meal begins or is over, and its waits
    after one."""
    by_source: dict[Source, list[Signal]] = {}
    for signal in samples:
        if rule.looks_at(signal.source):
            by_source.setdefault(signal.source, []).append(signal)
    streams = [_standing(rule, own, until_ms, look_ms, changes_ms) for own in by_source.values()]
    return iter(merge(*streams, key=lambda signal: signal.at_ms))


def _standing(
    rule: SignalRule, own: Sequence[Signal], until_ms: int, look_ms: int, changes_ms: Sequence[int]
) -> Iterator[Signal]:
    times = [signal.at_ms for signal in own]
    waits = (0, rule.for_ms, rule.off_ms, *(n * look_ms for n in range(1, rule.of)))
    moments = times if rule.when is When.ALWAYS else (*times, *(at for at in changes_ms if at >= times[0]))
    for at_ms in sorted({at + wait for at in moments for wait in waits}):
        if at_ms < until_ms:
            yield own[bisect_right(times, at_ms) - 1]._replace(at_ms=at_ms)


def _summed(changes: Sequence[Change]) -> Trial:
    raised = [(change.at_ms, change.key.source) for change in changes if change.deed is Deed.RAISED]
    short = sum(
        change.deed is Deed.RETURNED and change.at_ms - change.alarm.since_ms < SHORT_MS for change in changes
    )  # fmt: skip
    return Trial(tuple(raised[:EVENTS_MAX]), len(raised), _most_together([at for at, _ in raised]), short)


def _most_together(times: Sequence[int]) -> int:
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] > TOGETHER_MS:
            first += 1
        most = max(most, last - first + 1)
    return most
