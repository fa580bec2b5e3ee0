"""A box is not heard any more. Its terminals sell on and keep their records; what they do is not known here."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="box-silent",
    family=Family.OFFLINE,
    grade=Level.IMPORTANT,
    signal="box-silent",
    kind=Kind.BOX,
    condition=Condition(">=", 30),
    clear=Condition("<", 15),
    off_ms=10_000,
    hides=True,
    is_hidden=True,
    advice=Advice(
        Text("网关失联", "a box is not heard"),
        Text("断电、断网，或网关程序停止", "power, network, or the box's program"),
        Text("终端照常脱机营业，记录留在网关和终端，稍后补传", "terminals sell on; records stay at box and terminals"),
        Text("查电源与网线；仍不通，带笔记本到现场", "look at power and cable; then go there with a laptop"),
    ),
)
