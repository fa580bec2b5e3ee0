"""The books are out of balance, which no posting can bring about: the database was touched or is damaged."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="trial-balance",
    family=Family.LEDGER,
    grade=Level.URGENT,
    signal="trial-balance",
    kind=Kind.CAMPUS,
    condition=Condition(">", 0),
    advice=Advice(
        Text("试算不平", "the trial balance is off"),
        Text(
            "借贷之和不等：数据库被直接改动，或已损坏",
            "debits and credits differ: the database was edited or is damaged",
        ),
        Text("账上的每个余额都不可信", "no balance in the books can be trusted"),
        Text(
            "停止日结，执行 ./ykt verify，保留数据库副本，通知财务",
            "close no day, run ./ykt verify, keep a copy, tell finance",
        ),
    ),
)
