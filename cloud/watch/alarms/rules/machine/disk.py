"""A disk fills: at its end nothing is posted."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="disk",
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal="disk-free",
    kind=Kind.SERVICE,
    condition=Condition("<", 10),
    clear=Condition(">", 15),
    off_ms=60_000,
    advice=Advice(
        Text("磁盘将满", "a disk is nearly full"),
        Text("日志、备份或数据增长", "logs, backups or data"),
        Text("满后停止入账", "nothing is posted once it is full"),
        Text("清理或扩容", "clean up or enlarge"),
    ),
)
