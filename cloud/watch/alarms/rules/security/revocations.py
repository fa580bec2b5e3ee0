"""A box has a newer list of stolen devices than the ledger."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="revocations",
    family=Family.SECURITY,
    codes=frozenset({"revocations-behind"}),
    quiet_ms=0,
    advice=Advice(
        Text("失窃名单倒退", "the list of the stolen went back"),
        Text("账本放回过旧的", "an older ledger was put back"),
        Text("部分挂失可能失效", "some reports may not hold"),
        Text("重做 psam-stolen", "psam-stolen again"),
    ),
)
