"""A record carries a TAC or a MAC that is wrong."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.rules.reasons import PROOF
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="tac-failures",
    family=Family.ILLEGAL,
    codes=frozenset({"record-quarantined"}),
    only=PROOF,
    quiet_ms=3_600_000,
    advice=Advice(
        Text("TAC 或 MAC 错误", "a wrong TAC or MAC"),
        Text("卡或 PSAM 的密钥不符，字节损坏，或伪造", "another key in card or PSAM, damaged bytes, or a forgery"),
        Text("该记录隔离，不入账，也不丢", "the record is in quarantine: not posted, and not lost"),
        Text(
            "按终端看 ./ykt cloud report；收回可疑的卡或终端",
            "go by terminal in ./ykt cloud report; take in what is doubtful",
        ),
    ),
)
