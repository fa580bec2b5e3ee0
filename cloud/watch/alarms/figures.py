"""How well alarms serve people, from what happened to them: EEMUA 191 and IEC 62682's measures, beside their targets.
Pure.

An alarm is annunciated when it begins to call and still does after the moment in which something may explain it.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from cloud.watch.alarms.flood import CAMPUS, Turned
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.states import CALLS_ANEW, Alarm, Deed, State
from cloud.watch.alarms.terms import Family
from cloud.watch.alarms.watching import Key
from shared.facts.told import Level

BIN_MS = 600_000
SETTLED_MS = 5_000
"""As the wait before a person is told."""
CHATTER_TIMES, CHATTER_MS = 3, 600_000
"""An alarm that begins to call so often within so long chatters."""
STALE_MS = 86_400_000
LISTED = 10
AVERAGE_MAX, PEAK_MAX, OVER_MAX, FLOOD_MAX, STALE_MAX, WORST_TEN_MAX = 1.0, 10, 1.0, 1.0, 5, 5.0
"""Targets: alarms per operator and ten minutes, the most of them in ten minutes, percent of ten minutes above that,
percent of time in flood, stale ones, percent of all that the ten worst make."""
MIX = {Level.URGENT: 5, Level.IMPORTANT: 15, Level.GENERAL: 80}
"""Target of the grades, in percent."""


class Past(NamedTuple):
    """Something that happened to an alarm."""

    at_ms: int
    key: Key
    deed: Deed
    grade: Level
    state: State


class Load(NamedTuple):
    """What came to somebody. average, peak: in ten minutes; over: percent of these that had above PEAK_MAX."""

    name: str
    total: int
    average: float
    peak: int
    over: float


class Bad(NamedTuple):
    """One that comes often, and its share of all, in percent."""

    key: Key
    times: int
    share: float


class Took(NamedTuple):
    """Seconds of something that was waited for, over so many."""

    times: int
    mean_s: float
    median_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All of them, of a time. operators: whoever was told; the list: what began to call, told to anybody or not."""

    from_ms: int
    until_ms: int
    whole: Load
    operators: Sequence[Load]
    grades: Mapping[Level, int]
    chattering: Sequence[Bad]
    stale: Sequence[tuple[Key, int]]
    bad: Sequence[Bad]
    until_answered: Mapping[Family | None, Took]
    until_over: Mapping[Family | None, Took]
    flood: Mapping[str, float]
    quiet: Mapping[State, int]
    failed: int = 0

    @property
    def worst_ten(self) -> float:
        """Percent of all that the LISTED worst make."""
        return sum(one.share for one in self.bad)


@dataclass
class Called:
    """An alarm has begun to call. is_void: something explained it at once. The rest in Unix ms; 0: not yet."""

    key: Key
    grade: Level
    at_ms: int
    raised_ms: int
    is_void: bool = False
    answered_ms: int = 0
    over_ms: int = 0


def figures(
    past: Iterable[Past], alarms: Mapping[Key, Alarm], rules: Mapping[str, Rule],
    told: Mapping[str, Sequence[int]], floods: Sequence[Turned], failed: int, from_ms: int, until_ms: int,
) -> Figures:  # fmt: skip
    """past: by time. told: of each operator when something was told. failed: messages that reached nobody."""
    called = [one for one in _called(past) if not one.is_void]
    answers = [(one.key, (one.answered_ms - one.at_ms) / 1000) for one in called if one.answered_ms]
    ends = [(one.key, (one.over_ms - one.raised_ms) / 1000) for one in called if one.over_ms]
    stale = [(key, one.since_ms) for key, one in alarms.items() if _is_stale(one, until_ms)]
    return Figures(
        from_ms, until_ms, _load("", [one.at_ms for one in called], from_ms, until_ms),
        [_load(name, times, from_ms, until_ms) for name, times in sorted(told.items())],
        dict(Counter(one.grade for one in called)), _chattering(called), sorted(stale, key=lambda one: one[1]),
        _worst(Counter(one.key for one in called), len(called)), _took(answers, rules), _took(ends, rules),
        _in_flood(floods, from_ms, until_ms), dict(Counter(one.state for one in alarms.values())), failed,
    )  # fmt: skip


def _called(past: Iterable[Past]) -> list[Called]:
    found: list[Called] = []
    last: dict[Key, Called] = {}
    raised: dict[Key, int] = {}
    for one in past:
        if one.deed is Deed.RAISED:
            raised[one.key] = one.at_ms
        if one.deed in CALLS_ANEW and one.state is State.UNACKNOWLEDGED and one.grade is not Level.NOTICE:
            last[one.key] = Called(one.key, one.grade, one.at_ms, raised.get(one.key, one.at_ms))
            found.append(last[one.key])
        elif one.key in last:
            _goes_on(last[one.key], one)
    return found


def _goes_on(called: Called, one: Past) -> None:
    match one.deed:
        case Deed.SUPPRESSED:
            called.is_void = one.at_ms - called.at_ms < SETTLED_MS
        case Deed.ACKNOWLEDGED | Deed.TAKEN:
            called.answered_ms = called.answered_ms or one.at_ms
        case Deed.UNDONE if one.state is State.UNACKNOWLEDGED:
            called.answered_ms = 0
        case Deed.RETURNED:
            called.over_ms = called.over_ms or one.at_ms


def _load(name: str, times: Sequence[int], from_ms: int, until_ms: int) -> Load:
    bins = max(1, -(-(until_ms - from_ms) // BIN_MS))
    counts = Counter((at_ms - from_ms) // BIN_MS for at_ms in times)
    over = sum(count > PEAK_MAX for count in counts.values())
    return Load(name, len(times), len(times) / bins, max(counts.values(), default=0), 100 * over / bins)


def _chattering(called: Sequence[Called]) -> list[Bad]:
    """Those that have ever called so often within so long, and how often in all."""
    lately: dict[Key, deque[int]] = defaultdict(lambda: deque(maxlen=CHATTER_TIMES))
    found: set[Key] = set()
    for one in called:
        times = lately[one.key]
        times.append(one.at_ms)
        if len(times) == CHATTER_TIMES and times[-1] - times[0] <= CHATTER_MS:
            found.add(one.key)
    return _worst(Counter(one.key for one in called if one.key in found), len(called))


def _worst(counts: Counter[Key], total: int) -> list[Bad]:
    return [Bad(key, count, 100 * count / total) for key, count in counts.most_common(LISTED)]


def _is_stale(alarm: Alarm, now_ms: int) -> bool:
    """It has stood for a day, and nothing that a person has said or planned makes it quiet."""
    stands = alarm.is_active and alarm.state in (State.UNACKNOWLEDGED, State.ACKNOWLEDGED)
    return stands and now_ms - alarm.since_ms > STALE_MS


def _took(found: Iterable[tuple[Key, float]], rules: Mapping[str, Rule]) -> dict[Family | None, Took]:
    """Of all (None), and of each family."""
    seconds: dict[Family | None, list[float]] = defaultdict(list)
    for key, took_s in found:
        rule = rules.get(key.rule)
        for family in {None, rule.family if rule else None}:
            seconds[family].append(took_s)
    return {family: Took(len(own), sum(own) / len(own), median(own)) for family, own in seconds.items()}


def _in_flood(floods: Sequence[Turned], from_ms: int, until_ms: int) -> dict[str, float]:
    """Percent of the time, by scope; of the campus always."""
    found = {CAMPUS: 0.0}
    for one in floods:
        lasted = min(one.until_ms or until_ms, until_ms) - max(one.since_ms, from_ms)
        found[one.scope] = found.get(one.scope, 0.0) + 100 * max(0, lasted) / max(1, until_ms - from_ms)
    return found
