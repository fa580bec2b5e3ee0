"""Memory is short: parts may be killed."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="memory",
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal="memory-free",
    kind=Kind.SERVICE,
    condition=Condition("<", 5),
    clear=Condition(">", 10),
    for_ms=60_000,
    off_ms=60_000,
    advice=Advice(
        Text("内存不足", "memory is short"),
        Text("进程增多或泄漏", "more processes, or a leak"),
        Text("部件可能被系统结束", "the system may end parts"),
        Text("看占用最多的进程", "look at who uses it"),
    ),
)
