"""A card's counter was lower than before at one and the same terminal."""

from cloud.watch.alarms.rule import Advice, FactRule, about_card
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="card-counter-back",
    family=Family.CARD,
    codes=frozenset({"card-counter-back"}),
    source=about_card,
    quiet_ms=0,
    advice=Advice(
        Text("卡计数器回退", "a card's counter went back"),
        Text("卡被恢复到从前的内容，或两张同号卡", "a card put back to what it held before, or two of one number"),
        Text("下一餐起每餐限一份，不拒卡", "one meal a period from the next on; it is not refused"),
        Text("./ykt cloud findings 确认或解除", "./ykt cloud findings: confirm or undo"),
    ),
)
