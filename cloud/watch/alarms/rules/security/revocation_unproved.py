"""The broker was not proved to refuse who is revoked."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="revocation-unproved",
    family=Family.SECURITY,
    grade=Level.URGENT,
    signal="revocation-unproved",
    kind=Kind.SERVICE,
    condition=Condition(">=", 1),
    for_ms=60_000,
    advice=Advice(
        Text("吊销未证实", "a revocation is not proved"),
        Text("消息代理未读到新列表，或不在", "the broker has not read the new list, or is away"),
        Text("被吊销的网关可能还进得来", "a revoked box may still come in"),
        Text("./ykt cloud box status；重启消息代理", "./ykt cloud box status; restart the broker"),
    ),
)
