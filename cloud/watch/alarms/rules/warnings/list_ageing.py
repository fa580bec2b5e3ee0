"""A terminal that is heard goes on with a hotlist that nobody has stood behind for half a day."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="list-ageing",
    family=Family.OFFLINE,
    grade=Level.GENERAL,
    signal="list-age",
    kind=Kind.TERMINAL,
    condition=Condition(">=", 12),
    clear=Condition("<", 6),
    for_ms=900_000,
    off_ms=60_000,
    is_hidden=True,
    advice=Advice(
        Text("名单变旧", "a hotlist grows old"),
        Text("网关或终端收不到新名单", "its box or it gets no newer one"),
        Text("满一天后限额自动降低", "after a day its limits go down by themselves"),
        Text("./ykt cloud documents --device 查看", "see ./ykt cloud documents --device"),
    ),
)
