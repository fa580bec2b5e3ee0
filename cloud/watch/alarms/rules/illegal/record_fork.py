"""One number, two records: both are kept, neither is believed."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="record-fork",
    family=Family.ILLEGAL,
    codes=frozenset({"record-fork"}),
    quiet_ms=0,
    advice=Advice(
        Text("同号不同记录", "two records of one number"),
        Text("终端被克隆，或存储被改写", "a cloned terminal, or a store that was rewritten"),
        Text("两条都留，不自动入账", "both are kept, none is posted by itself"),
        Text("收回该终端检查", "take the terminal in and look at it"),
    ),
)
