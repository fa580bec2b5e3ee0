"""There are more alarms than the watch keeps."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="turned-away",
    family=Family.SERVICE,
    grade=Level.URGENT,
    signal="alarms-turned-away",
    kind=Kind.SERVICE,
    condition=Condition(">=", 1),
    advice=Advice(
        Text("报警过多", "too many alarms"),
        Text("同时异常的设备过多", "too many things are wrong at once"),
        Text("新的来源未登记", "new sources are not taken up"),
        Text("先处理成因；调整规则", "see to the cause, and to the rules"),
    ),
)
