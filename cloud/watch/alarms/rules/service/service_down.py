"""A part of the platform takes no call."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="service-down",
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal="service-down",
    kind=Kind.SERVICE,
    condition=Condition(">=", 1),
    but=frozenset({"broker", "keys"}),
    for_ms=10_000,
    off_ms=5_000,
    hides=True,
    advice=Advice(
        Text("服务不应答", "a service does not answer"),
        Text("进程停止或卡住", "its process has stopped or hangs"),
        Text("它所做的停止；脱机营业与入账照常", "what it does stands still; selling and posting go on"),
        Text("./ykt status 看原因，重启该服务", "see ./ykt status, restart the service"),
    ),
)
