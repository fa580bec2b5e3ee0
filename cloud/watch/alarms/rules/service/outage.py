"""A part was away for a while, and is back."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="outage",
    family=Family.SERVICE,
    codes=frozenset({"outage-over/database", "outage-over/keys"}),
    advice=Advice(
        Text("部件曾中断", "a part was away"),
        Text("进程或服务器停过", "a process or a server had stopped"),
        Text("其间记录在网关等候，无丢失", "records waited at the boxes, nothing is lost"),
        Text("查日志中的原因", "look for the cause in its log"),
    ),
)
