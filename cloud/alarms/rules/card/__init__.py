"""卡片钱包: cards that do what they should not."""

from cloud.alarms.rule import Rule
from cloud.alarms.rules.card import lost_card

RULES: tuple[Rule, ...] = tuple(one.RULE for one in (lost_card,))
