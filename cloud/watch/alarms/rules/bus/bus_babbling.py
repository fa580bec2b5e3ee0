"""A node sends without an end."""

from cloud.watch.alarms.rule import Advice, FactRule, about_bus
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="bus-babbling",
    family=Family.BUS,
    codes=frozenset({"bus-babbling"}),
    source=about_bus,
    advice=Advice(
        Text("总线节点乱发", "a node babbles"),
        Text("终端失控", "a terminal is out of control"),
        Text("已限流，其余照常", "it is throttled, the others go on"),
        Text("断开该终端", "take it off the bus"),
    ),
)
