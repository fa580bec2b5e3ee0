"""卡片钱包: cards that do what they should not."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.card import (
    balance_chain,
    card_counter,
    card_gap,
    counter_back,
    listed_card,
    lost_card,
    offline_code,
    purse_overdrawn,
    spare_overdue,
)

_OWN = (
    balance_chain,
    card_counter,
    card_gap,
    counter_back,
    listed_card,
    lost_card,
    offline_code,
    purse_overdrawn,
    spare_overdue,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
