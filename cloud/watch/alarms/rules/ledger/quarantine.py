"""Bytes that prove nothing wait for a person."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.rules.reasons import COUNTER, PROOF
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="quarantine",
    family=Family.LEDGER,
    codes=frozenset({"quarantine-full", "record-quarantined"}),
    but=COUNTER | PROOF,
    advice=Advice(
        Text("记录隔离", "records in quarantine"),
        Text("字节损坏、密钥不符，或有人伪造", "damaged bytes, a wrong key, or a forgery"),
        Text("隔离的记录不入账，也不丢", "they are not posted, and not lost"),
        Text("./ykt cloud report 看缘由；按终端查", "see the reasons in ./ykt cloud report, go by terminal"),
    ),
)
