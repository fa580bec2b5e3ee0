"""Records come late though their boxes are online: an hour like this spends a fiftieth of the month's error budget."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="posting-late",
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal="ledger-late",
    kind=Kind.CAMPUS,
    condition=Condition(">=", 14.4),
    clear=Condition("<", 7),
    for_ms=300_000,
    off_ms=60_000,
    advice=Advice(
        Text("入账普遍变慢", "records are posted late"),
        Text("入账、数据库或磁盘慢，或终端到网关的线路差", "ingest, database or disk is slow, or lines are bad"),
        Text("查到的余额滞后；误差额度消耗过快", "balances that people see lag; the error budget goes fast"),
        Text("./ykt cloud slo，./ykt status；看入账进程与磁盘", "see ./ykt cloud slo, ./ykt status, ingest and disk"),
    ),
)
