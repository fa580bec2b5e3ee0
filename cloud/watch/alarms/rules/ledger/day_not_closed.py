"""A cashier's day is over and not closed. For finance: something to be done, nobody's fault."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="day-not-closed",
    family=Family.LEDGER,
    grade=Level.GENERAL,
    signal="close-due",
    kind=Kind.PERSON,
    condition=Condition(">=", 1),
    for_finance=True,
    advice=Advice(
        Text("日结未做", "a day is not closed"),
        Text("昨天的收据还不在任何日结里", "receipts of another day are in no close yet"),
        Text("该日现金未清点，长短款未知", "its cash is not counted, a difference is not known"),
        Text("清点后日结；次日的日结会一并包含", "count and close; the next close takes it in"),
    ),
)
