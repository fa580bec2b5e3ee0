"""A terminal is not heard though its box is."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="terminal-silent",
    family=Family.OFFLINE,
    grade=Level.GENERAL,
    meal_grade=Level.IMPORTANT,
    signal="terminal-silent",
    kind=Kind.TERMINAL,
    condition=Condition(">=", 60),
    clear=Condition("<", 30),
    off_ms=10_000,
    is_hidden=True,
    advice=Advice(
        Text("终端断线", "a terminal is not heard"),
        Text("关机、断线，或地址、密钥不符", "switched off, its cable, its address or its key"),
        Text("该窗口若仍营业，记录留在终端", "if it sells, its records stay in it"),
        Text(
            "查终端电源与接头；总线看 ./ykt cloud job … locate",
            "look at its power and plug; find it by ./ykt cloud job … locate",
        ),
    ),
)
