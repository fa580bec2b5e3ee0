"""A day close whose cash is not what was counted. For finance: a difference, nobody's fault."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="cash",
    family=Family.LEDGER,
    codes=frozenset({"cash-difference/over", "cash-difference/short"}),
    for_finance=True,
    advice=Advice(
        Text("现金长短款", "a cash difference"),
        Text("清点与应有不符", "what was counted is not what should be there"),
        Text("计入长短款科目", "it is booked as over or short"),
        Text("财务与食堂经理同当班复点", "finance, the canteen's manager and the shift count again"),
    ),
)
