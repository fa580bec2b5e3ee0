"""A docked device has said good-bye, or its node's will has. What its values are worth is for operators' own rules."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="docked-away",
    family=Family.OFFLINE,
    grade=Level.GENERAL,
    signal="docked-online",
    kind=Kind.DOCKED,
    condition=Condition("<", 1),
    for_ms=5_000,
    off_ms=5_000,
    advice=Advice(
        Text("对接设备离线", "a docked device is away"),
        Text("断电、断网，或设备自己退出", "power, network, or it has left by itself"),
        Text(
            "它的指标停在最后的值，标为过时；账不受影响", "its values stand as they were, stale; money is not touched"
        ),
        Text(
            "查设备电源与网络；不再用的：cloud docking remove",
            "look at its power and network; if it is gone: docking remove",
        ),
    ),
)
