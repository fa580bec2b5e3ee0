"""The ledger's database does not answer: records wait at the boxes, nothing is lost."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="ledger-away",
    family=Family.SERVICE,
    grade=Level.URGENT,
    signal="ledger-away",
    kind=Kind.CAMPUS,
    condition=Condition(">=", 1),
    for_ms=10_000,
    off_ms=5_000,
    hides=True,
    advice=Advice(
        Text("账本数据库不应答", "the ledger's database is away"),
        Text("数据库停止、磁盘满，或主备切换中", "it is stopped, its disk is full, or it is being switched over"),
        Text(
            "联机业务停止；脱机消费照常，记录在网关等候",
            "nothing on line works; offline sales go on, records wait at the boxes",
        ),
        Text("看数据库日志与磁盘；./ykt status", "look at its log and its disk; ./ykt status"),
    ),
)
