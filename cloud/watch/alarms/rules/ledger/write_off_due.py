"""A lost card's balance waits for terminals that have been silent for days."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="write-off-due",
    family=Family.LEDGER,
    codes=frozenset({"write-off-due"}),
    advice=Advice(
        Text("挂失余款等终端", "a lost card's balance waits"),
        Text("终端久未联系，不知它是否收过此卡", "terminals are silent: nobody knows whether they took the card"),
        Text("持卡人的钱仍冻结", "its holder's money stays frozen"),
        Text("找回终端，或两人销账", "bring the terminal back, or two persons write it off"),
    ),
)
