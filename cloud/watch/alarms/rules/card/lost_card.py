"""A card was reported lost and paid after that."""

from cloud.watch.alarms.rule import Advice, FactRule, about_card
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="lost-card",
    family=Family.CARD,
    codes=frozenset({"difference/lost", "loss-late"}),
    over=frozenset({"difference-over/lost"}),
    source=about_card,
    quiet_ms=0,
    advice=Advice(
        Text("挂失卡消费", "a lost card has paid"),
        Text("拾到者在未更新名单的终端用卡", "somebody uses it at a terminal that does not have the list yet"),
        Text("挂失后的消费由学校承担", "what it spends after its report the school bears"),
        Text("通知该窗口留人；./ykt cloud documents 看名单到达", "tell that window; see ./ykt cloud documents"),
    ),
)
