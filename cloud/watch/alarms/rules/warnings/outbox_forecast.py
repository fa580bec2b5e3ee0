"""At this rate a box's outbox is full within a day."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="outbox-forecast",
    family=Family.OFFLINE,
    grade=Level.IMPORTANT,
    signal="box-hours-left",
    kind=Kind.BOX,
    condition=Condition("<", 24),
    clear=Condition(">", 36),
    off_ms=600_000,
    advice=Advice(
        Text("发件箱一日内将满", "an outbox fills within a day"),
        Text("连不上中心，照此速度一天内存满", "the platform is away; at this rate it is full within a day"),
        Text("满后网关拒收，终端存满即停售", "once it is full the box accepts nothing, then terminals stop"),
        Text("今天恢复网络；来不及时用移动网络", "bring back the network today; else a mobile link"),
    ),
)
