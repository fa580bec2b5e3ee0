"""A void that the books did not simply take. For finance: a difference, nobody's fault."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="void",
    family=Family.LEDGER,
    codes=frozenset({"void-held"}),
    for_finance=True,
    advice=Advice(
        Text("撤销待核", "a void to be looked at"),
        Text(
            "撤销与原笔消费对不上，或超出时限、限额", "a void and its purchase differ, or it is beyond a time or a sum"
        ),
        Text("该笔差额挂起，双方暂不入账", "the difference is held, for neither side yet"),
        Text(
            "财务与食堂经理对单；./ykt cloud held list",
            "finance and the canteen's manager compare; ./ykt cloud held list",
        ),
    ),
)
