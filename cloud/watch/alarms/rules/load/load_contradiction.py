"""A load or an unload and its proof contradict each other."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="load-contradiction",
    family=Family.LOAD,
    codes=frozenset({"load-contradiction", "unload-contradiction"}),
    quiet_ms=0,
    advice=Advice(
        Text("圈存矛盾", "a contradictory load"),
        Text("重放、伪造，或账本放回", "a replay, a forgery, or a put-back ledger"),
        Text("款项挂起，不自动入账", "the money is held"),
        Text("逐笔核对，财务处理", "look at each, finance decides"),
    ),
)
