"""A bus has errors, and it is known who makes them."""

from cloud.watch.alarms.rule import Advice, FactRule, about_bus
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="bus-culprit",
    family=Family.BUS,
    codes=frozenset({"bus-culprit/line", "bus-culprit/receiver", "bus-culprit/searched", "bus-culprit/sender"}),
    source=about_bus,
    advice=Advice(
        Text("总线故障点", "the culprit on a bus"),
        Text("收发器、支线或接头不良", "transceiver, stub or plug"),
        Text("重发增多，延迟变大", "more is sent again, all wait longer"),
        Text("更换所指的终端或接头", "change the terminal or plug that it names"),
    ),
)
