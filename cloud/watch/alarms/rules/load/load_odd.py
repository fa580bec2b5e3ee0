"""A load came that nobody had begun so."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="load-odd",
    family=Family.LOAD,
    codes=frozenset({"load-reused", "load-without-debit"}),
    advice=Advice(
        Text("圈存来路不明", "a load of unknown origin"),
        Text("请求重号，或账本放回", "a number used twice, or a put-back ledger"),
        Text("挂起待查", "it waits"),
        Text("./ykt cloud loads 查看", "see ./ykt cloud loads"),
    ),
)
