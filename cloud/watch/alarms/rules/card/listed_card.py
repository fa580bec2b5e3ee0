"""A card that is on the hotlist for another reason than its loss has paid."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="listed-card",
    family=Family.CARD,
    codes=frozenset({"listed-card-spent"}),
    quiet_ms=3_600_000,
    advice=Advice(
        Text("黑名单卡消费", "a hotlisted card has paid"),
        Text("该终端还没有新名单", "that terminal does not have the list yet"),
        Text("消费已成交，照常入账", "it is paid and posted"),
        Text("通知该窗口留人；./ykt cloud documents 看名单到达", "tell that window; see ./ykt cloud documents"),
    ),
)
