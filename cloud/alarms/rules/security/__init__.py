"""安全: who tries what he may not."""

from cloud.alarms.rule import Rule

RULES: tuple[Rule, ...] = ()
