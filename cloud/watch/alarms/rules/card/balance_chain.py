"""A card's balance does not follow from what it did."""

from cloud.watch.alarms.rule import Advice, FactRule, about_card
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="balance-chain",
    family=Family.CARD,
    codes=frozenset({"difference/chain"}),
    over=frozenset({"difference-over/chain"}),
    source=about_card,
    quiet_ms=0,
    advice=Advice(
        Text("卡余额接不上", "a card's balance does not fit"),
        Text("别处圈存、计数器回退，或漏记录", "loaded elsewhere, a counter that went back, a missing record"),
        Text("余额高于账本部分无来源", "what is above the books has no source"),
        Text("./ykt cloud differences 查该卡", "see the card in ./ykt cloud differences"),
    ),
)
