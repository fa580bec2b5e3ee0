"""The watch's beat is not taken outside."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="beat-refused",
    family=Family.SERVICE,
    grade=Level.GENERAL,
    signal="beat-refused",
    kind=Kind.SERVICE,
    condition=Condition(">=", 600),
    advice=Advice(
        Text("值守心跳送不出", "the watch's beat is not taken"),
        Text("外网断开，或对方停了", "no way out, or the other side is down"),
        Text("对方会以为值守已停", "the outside believes that nobody watches"),
        Text("查外网与 DATA/cloud/watch.toml", "look at the way out and DATA/cloud/watch.toml"),
    ),
)
