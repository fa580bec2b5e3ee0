"""对接: devices of strangers."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.docked import docked_away

RULES: tuple[Rule, ...] = (docked_away.RULE,)
