"""The database cannot archive its log: nothing since then is in a backup, and its disk fills."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="archive-failing",
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal="archive-failing",
    kind=Kind.SERVICE,
    condition=Condition(">=", 1),
    for_ms=180_000,
    advice=Advice(
        Text("数据库日志归档失败", "the database's log is not archived"),
        Text("备份盘满、未挂载，或权限不对", "its backup disk is full, away or not writable"),
        Text("时间点还原停在那时，数据库的盘会写满", "points in time end there, and its own disk fills"),
        Text("看备份盘与数据库日志，再做 ./ykt cloud backup", "look at that disk, then ./ykt cloud backup"),
    ),
)
