"""总线: lines and what hangs on them."""

from cloud.alarms.rule import Rule

RULES: tuple[Rule, ...] = ()
