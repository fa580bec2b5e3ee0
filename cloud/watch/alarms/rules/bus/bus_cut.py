"""All terminals behind a place on the cable fell silent at once."""

from cloud.watch.alarms.rule import Advice, FactRule, about_segment
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="bus-cut",
    family=Family.BUS,
    codes=frozenset({"bus-segment-cut"}),
    over=frozenset({"bus-segment-whole"}),
    source=about_segment,
    hides=True,
    advice=Advice(
        Text("总线断开", "a bus is cut"),
        Text("线缆被切断，或该段断电", "the cable is cut, or power is off there"),
        Text("其后的终端脱机营业", "terminals behind it sell off line"),
        Text("查所指两台之间的线缆", "look at the cable between the two"),
    ),
)
