"""A box could not write what it should keep."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="outbox-write",
    family=Family.OFFLINE,
    codes=frozenset({"document-not-kept", "outbox-settle-failed"}),
    advice=Advice(
        Text("网关写盘失败", "a box cannot write"),
        Text("磁盘忙、满或将坏", "its disk is busy, full or failing"),
        Text("记录不丢，结清与名单延后", "nothing is lost; settling and lists come later"),
        Text("看磁盘剩余与日志", "look at its disk and its log"),
    ),
)
