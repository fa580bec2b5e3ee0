"""Nobody on a bus is heard though its box is."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="bus-silent",
    family=Family.BUS,
    grade=Level.IMPORTANT,
    signal="bus-silent",
    kind=Kind.BUS,
    condition=Condition(">=", 30),
    clear=Condition("<", 15),
    off_ms=10_000,
    hides=True,
    is_hidden=True,
    advice=Advice(
        Text("总线失联", "a bus is not heard"),
        Text(
            "总线断开、短路、该路断电，或网关适配器坏", "it is cut, shorted or without power, or the adapter is broken"
        ),
        Text("其上终端脱机营业，记录留在终端", "its terminals sell on; records stay in them"),
        Text("查网关一端的插头、适配器与电源", "look at plug, adapter and power at the box's end"),
    ),
)
