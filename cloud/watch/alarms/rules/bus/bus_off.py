"""A node of a bus was thrown off it by its own errors."""

from cloud.watch.alarms.rule import Advice, FactRule, about_bus
from cloud.watch.alarms.terms import Family
from shared.facts.told import Level
from shared.words.voice import Text

RULE = FactRule(
    name="bus-off",
    family=Family.BUS,
    codes=frozenset({"bus-node-back"}),
    grade=Level.IMPORTANT,
    source=about_bus,
    over=frozenset({"bus-clean"}),
    quiet_ms=3_600_000,
    advice=Advice(
        Text("节点曾被赶下总线", "a node was bus-off"),
        Text("收发器、支线或线缆不良；不一定是它", "transceiver, stub or cable; not always its own"),
        Text("已自行恢复；这段时间它不通", "it is back by itself; meanwhile it was deaf"),
        Text("看同一总线的故障点报警；docs/bus.md", "see what is said of the culprit; docs/bus.md"),
    ),
)
