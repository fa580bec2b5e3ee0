"""The last backup is old."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="backup-old",
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal="backup-age",
    kind=Kind.SERVICE,
    condition=Condition(">", 26),
    advice=Advice(
        Text("备份过旧", "the last backup is old"),
        Text("备份任务没有运行或失败", "the backup has not run, or failed"),
        Text("出事后只能恢复到那时", "what came since is not in it"),
        Text("看备份任务的日志，补做一次", "see its log, and make one now"),
    ),
)
