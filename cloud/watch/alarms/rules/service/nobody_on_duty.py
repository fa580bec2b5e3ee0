"""Within the hour a route wants somebody on duty, and nobody is."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="nobody-on-duty",
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal="duty-hours",
    kind=Kind.CAMPUS,
    condition=Condition("<", 1),
    advice=Advice(
        Text("无人值班", "nobody is on duty"),
        Text("值班表在这一段是空的", "the roster is empty for this time"),
        Text("发给当班的报警没有人收到", "what is told to whoever is on duty reaches nobody"),
        Text("补值班或换班：./ykt cloud notify push", "fill it: ./ykt cloud notify push"),
    ),
)
