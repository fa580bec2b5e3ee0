"""A node of a bus has so many errors that it may no longer flag those of others."""

from cloud.watch.alarms.rule import Advice, FactRule, about_bus
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="bus-passive",
    family=Family.BUS,
    codes=frozenset({"bus-error-passive"}),
    source=about_bus,
    over=frozenset({"bus-clean"}),
    quiet_ms=3_600_000,
    advice=Advice(
        Text("总线错误被动", "a bus node is error-passive"),
        Text("它发送或接收的错误过多", "too many errors when it sends or hears"),
        Text("再多就会离线；重发增多", "a little more and it is off; more is sent again"),
        Text("查该终端的支线与接头；docs/bus.md", "look at its stub and plug; docs/bus.md"),
    ),
)
