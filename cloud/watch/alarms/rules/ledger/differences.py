"""Cards and books differ somewhere, and nobody has explained it."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="differences",
    family=Family.LEDGER,
    grade=Level.IMPORTANT,
    signal="differences",
    kind=Kind.CAMPUS,
    condition=Condition(">=", 1),
    off_ms=5_000,
    advice=Advice(
        Text("卡账差异未说明", "unexplained differences"),
        Text("卡上的余额或花费与账本对不上", "what cards have or spent is not what the books say"),
        Text("说明之前，对账不显示为平", "until they are explained no conclusion is green"),
        Text(
            "./ykt cloud differences list 查看，查明后 explain",
            "see ./ykt cloud differences list, and explain what is found",
        ),
    ),
)
