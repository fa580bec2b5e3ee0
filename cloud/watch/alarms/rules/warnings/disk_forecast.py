"""At this rate a disk is full within three days."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="disk-forecast",
    family=Family.SERVICE,
    grade=Level.GENERAL,
    signal="disk-hours-left",
    kind=Kind.SERVICE,
    condition=Condition("<", 72),
    clear=Condition(">", 120),
    off_ms=1_800_000,
    advice=Advice(
        Text("磁盘三日内将满", "a disk fills within three days"),
        Text("日志、备份或数据增长过快", "logs, backups or data grow fast"),
        Text("满后停止入账", "nothing is posted once it is full"),
        Text("看哪个目录在增长；清理或扩容", "see which folder grows; clean up or enlarge"),
    ),
)
