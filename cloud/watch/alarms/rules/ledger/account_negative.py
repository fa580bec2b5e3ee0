"""An account that a holder has is below zero."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="account-negative",
    family=Family.LEDGER,
    codes=frozenset({"account-negative"}),
    advice=Advice(
        Text("账户为负", "an account is below zero"),
        Text("先花后到的冲销，或重复发放", "something was undone after it was spent"),
        Text("该账户欠款，不再圈存", "the account owes, and loads nothing"),
        Text("查该卡流水，通知持卡人", "look at the card's entries, tell its holder"),
    ),
)
