"""A box was told a time that it does not believe."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="clock",
    family=Family.OFFLINE,
    codes=frozenset({"ledger-time-refused"}),
    advice=Advice(
        Text("时钟不可信", "a time that is not believed"),
        Text("中心时钟跳变，或有人冒充", "the platform's clock jumps, or somebody plays it"),
        Text("网关用自己的时钟", "the box goes on by its own clock"),
        Text("校中心时钟", "set the platform's clock"),
    ),
)
