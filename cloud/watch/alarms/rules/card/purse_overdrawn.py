"""A card has spent money that the ledger never gave."""

from cloud.watch.alarms.rule import Advice, FactRule, about_card
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="purse-overdrawn",
    family=Family.CARD,
    codes=frozenset({"difference/negative"}),
    over=frozenset({"difference-over/negative"}),
    source=about_card,
    quiet_ms=0,
    advice=Advice(
        Text("卡花费超出账本", "a card spent too much"),
        Text("伪卡、密钥外泄，或漏记圈存", "a forged card, a leaked key, or a load that was not told"),
        Text("学校可能受损", "the school may bear it"),
        Text("列入黑名单，收回卡片", "put it on the hotlist, take it in"),
    ),
)
