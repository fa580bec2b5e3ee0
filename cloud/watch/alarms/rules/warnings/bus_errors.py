"""A bus has more errors than it had, and still works."""

from cloud.watch.alarms.rule import Advice, FactRule, about_bus
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="bus-errors",
    family=Family.BUS,
    codes=frozenset({"bus-errors-rise"}),
    over=frozenset({"bus-clean"}),
    source=about_bus,
    quiet_ms=10_800_000,
    advice=Advice(
        Text("总线错误增多", "a bus has more errors"),
        Text("接头松动、受潮，或支线不良", "a loose or wet plug, or a bad stub"),
        Text("现在仍正常，可能会断", "it works now, and may fail"),
        Text("闭餐后检查线缆与接头；docs/bus.md", "look at cable and plugs after the meal; docs/bus.md"),
    ),
)
