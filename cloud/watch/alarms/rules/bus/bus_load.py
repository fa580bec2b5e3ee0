"""A bus is nearly full."""

from cloud.watch.alarms.rule import Advice, FactRule, about_bus
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="bus-load",
    family=Family.BUS,
    codes=frozenset({"bus-load/high"}),
    source=about_bus,
    over=frozenset({"bus-load/over"}),
    quiet_ms=3_600_000,
    advice=Advice(
        Text("总线繁忙", "a bus is nearly full"),
        Text("终端过多、波特率低，或有设备乱发", "too many terminals, a low bit rate, or a babbler"),
        Text("低优先级的报文等候，刷卡变慢", "what is less urgent waits, taps take longer"),
        Text("分成两条总线，或提高波特率", "split the bus, or raise its bit rate"),
    ),
)
