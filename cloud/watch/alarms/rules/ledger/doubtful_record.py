"""A record says what can hardly be."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="doubtful-record",
    family=Family.LEDGER,
    codes=frozenset({"time-doubtful", "ttn-two-cards"}),
    advice=Advice(
        Text("记录存疑", "a doubtful record"),
        Text("终端时钟错误，或 PSAM 计数重复", "a wrong clock, or a PSAM that counts twice"),
        Text("已入账，日期或终端号待查", "it is posted; its date or terminal is to be looked at"),
        Text("校终端时钟；查该 PSAM", "set the terminal's clock; look at its PSAM"),
    ),
)
