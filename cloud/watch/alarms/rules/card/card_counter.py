"""A card's counter, or a PSAM's, is in the books already with other bytes: it went back, or there are two."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.rules.reasons import COUNTER
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="card-counter",
    family=Family.CARD,
    codes=frozenset({"record-quarantined"}),
    only=COUNTER,
    quiet_ms=0,
    advice=Advice(
        Text("卡计数器回退或重复", "a card counter went back"),
        Text("卡被复制或恢复过，PSAM 重复计数", "a copied or restored card, or a PSAM that counts twice"),
        Text("两条都留，后到的不入账", "both are kept, the later one is not posted"),
        Text("收回该卡与终端核对", "take card and terminal in and compare"),
    ),
)
