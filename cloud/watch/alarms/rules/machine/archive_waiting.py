"""Much of the database's log waits for the archive: at the end of the disk nothing is posted."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="archive-waiting",
    family=Family.SERVICE,
    grade=Level.URGENT,
    signal="archive-waiting",
    kind=Kind.SERVICE,
    condition=Condition(">", 64),
    for_ms=60_000,
    advice=Advice(
        Text("未归档的数据库日志堆积", "the database's log piles up"),
        Text("归档停了，或比写入慢", "archiving stands still, or is slower than writing"),
        Text("盘满后停止入账", "nothing is posted once the disk is full"),
        Text("恢复归档；腾出空间，不要删 pg_wal", "bring archiving back, make room, never delete in pg_wal"),
    ),
)
