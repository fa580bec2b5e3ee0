"""圈存: loads that did not go through."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.load import (
    load_ageing,
    load_contradiction,
    load_mac,
    load_odd,
    load_unwritten,
)

_OWN = (
    load_ageing,
    load_contradiction,
    load_mac,
    load_odd,
    load_unwritten,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
