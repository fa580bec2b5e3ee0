"""Card and ledger differ, and nobody has explained it. Told to finance as a difference, never as somebody's fault."""

from cloud.alarms.rule import Advice, FactRule
from cloud.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="difference",
    family=Family.LEDGER,
    codes=frozenset({"difference/negative", "difference/chain"}),
    quiet_ms=0,
    advice=Advice(
        Text("卡账差异", "card and ledger differ"),
        Text("卡上的余额或花费与账本对不上", "what a card has or spent is not what the books say"),
        Text("差异说明之前，对账不显示为平", "until it is explained no conclusion is green"),
        Text(
            "./ykt cloud differences list 查看，查明后 explain",
            "see ./ykt cloud differences list; explain what is found",
        ),
    ),
)
