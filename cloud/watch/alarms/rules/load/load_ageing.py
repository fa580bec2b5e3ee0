"""A load was begun and nobody knows how it ended."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="load-ageing",
    family=Family.LOAD,
    grade=Level.IMPORTANT,
    signal="load-oldest",
    kind=Kind.CAMPUS,
    condition=Condition(">=", 3600),
    clear=Condition("<", 1800),
    off_ms=10_000,
    advice=Advice(
        Text("圈存久未完成", "an open load grows old"),
        Text("写卡时断开，终端未再联系", "the card was pulled, and the terminal is silent"),
        Text("这笔钱在途", "the money is in transit"),
        Text("./ykt cloud loads 查看；让持卡人再刷一次", "see ./ykt cloud loads; let the holder tap again"),
    ),
)
