"""The machine is hot."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="temperature",
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal="temperature",
    kind=Kind.SERVICE,
    condition=Condition(">", 85),
    clear=Condition("<", 75),
    for_ms=60_000,
    off_ms=60_000,
    advice=Advice(
        Text("机器过热", "the machine is hot"),
        Text("风扇停、积灰，或机房空调停", "a fan, dust, or the room's cooling"),
        Text("降频变慢，再热会断电", "it slows down, and switches itself off"),
        Text("看风扇与机房温度", "look at its fans and the room"),
    ),
)
