"""圈存: loads that did not go through."""

from cloud.alarms.rule import Rule

RULES: tuple[Rule, ...] = ()
