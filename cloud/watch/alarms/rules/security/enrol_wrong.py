"""Somebody tries enrolment codes."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="enrol-wrong",
    family=Family.SECURITY,
    grade=Level.IMPORTANT,
    signal="enrol-wrong",
    kind=Kind.SERVICE,
    condition=Condition(">=", 5),
    advice=Advice(
        Text("入网码试错过多", "many wrong enrolment codes"),
        Text("有人猜码，或反复输错", "somebody guesses, or mistypes again and again"),
        Text("错 5 次的码已作废；没有人进来", "a code that was wrong 5 times is void; nobody got in"),
        Text("问安装的人；不是他就查来源，另出新码", "ask who installs; if not he, see who; make a new code"),
    ),
)
