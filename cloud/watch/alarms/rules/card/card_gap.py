"""A card has counted a purchase that no record says, and no till owes one any more."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="card-gap",
    family=Family.CARD,
    grade=Level.URGENT,
    signal="cards-incomplete-though-drained",
    kind=Kind.CAMPUS,
    condition=Condition(">=", 1),
    for_ms=60_000,
    off_ms=5_000,
    advice=Advice(
        Text("卡缺交易，终端已交齐", "a card misses a purchase"),
        Text(
            "整机被复制，真机的一笔被当作已交；或存储丢失、记录隔离",
            "a copied body, a lost store, or a quarantined record",
        ),
        Text("卡上扣了，商户没有收到", "the card was debited, and no merchant has it"),
        Text(
            "./ykt verify；查复制机与隔离，换机 ./ykt cloud swap",
            "./ykt verify; look for a copied body; ./ykt cloud swap",
        ),
    ),
)
