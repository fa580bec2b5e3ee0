"""Things that share something fell silent at once: one alarm names what they share, and explains them."""

from cloud.watch.alarms.groups import SIGNAL
from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="group-away",
    family=Family.OFFLINE,
    grade=Level.IMPORTANT,
    signal=SIGNAL,
    kind=Kind.GROUP,
    condition=Condition(">=", 100),
    clear=Condition("<=", 50),
    off_ms=10_000,
    hides=True,
    is_hidden=True,
    advice=Advice(
        Text("多台同时断线", "several fell silent at once"),
        Text("很可能是{source}", "most likely {source}"),
        Text("各窗口照常脱机营业，记录留在终端", "tills sell on, their records stay in them"),
        Text("先查它的电源与网线，再查各终端", "look at its power and cable first, then at the terminals"),
    ),
)
