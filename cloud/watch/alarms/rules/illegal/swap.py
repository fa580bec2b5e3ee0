"""A spare body stands in for another, or claims to."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="swap",
    family=Family.ILLEGAL,
    codes=frozenset({"swap-refused", "swap-told"}),
    advice=Advice(
        Text("换机待核", "a swap to confirm"),
        Text("现场换了机身", "a body was exchanged on site"),
        Text("商户侧待核，待两人确认", "the merchant's side waits for two persons"),
        Text("./ykt cloud swap list，两人办理", "./ykt cloud swap list, two persons decide"),
    ),
)
