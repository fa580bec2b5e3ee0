"""An account has paid a load that its card did not take, or of which nobody knows whether it did."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="load-unwritten",
    family=Family.LOAD,
    grade=Level.GENERAL,
    signal="load-unwritten",
    kind=Kind.CAMPUS,
    condition=Condition(">=", 1),
    for_ms=120_000,
    off_ms=10_000,
    advice=Advice(
        Text("圈存已扣款未写卡", "a load is debited, not written"),
        Text("写卡时卡离开，或终端不知道结果", "the card was pulled, or its terminal does not know"),
        Text("持卡人的钱在途，下次刷卡自动补", "the holder's money is in transit; the next tap settles it"),
        Text("请持卡人再刷一次；./ykt cloud loads 查看", "let the holder tap again; see ./ykt cloud loads"),
    ),
)
