"""There is no backup though there should be."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="backup-missing",
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal="backup-missing",
    kind=Kind.SERVICE,
    condition=Condition(">=", 1),
    for_ms=60_000,
    advice=Advice(
        Text("没有备份", "there is no backup"),
        Text("备份标记没有写过、被删或读不出", "its mark was never written, is gone or unreadable"),
        Text("磁盘损坏时账本只能从网关恢复", "if the disk fails, boxes alone can restore the books"),
        Text("./ykt cloud backup --to 目录，每晚一次", "./ykt cloud backup --to DIR, each night"),
    ),
)
