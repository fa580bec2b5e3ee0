"""圈存: loads that did not go through."""

from cloud.alarms.rule import Rule
from cloud.alarms.rules.load import (
    load_ageing,
    load_contradiction,
    load_mac,
    load_odd,
)

_OWN = (
    load_ageing,
    load_contradiction,
    load_mac,
    load_odd,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
