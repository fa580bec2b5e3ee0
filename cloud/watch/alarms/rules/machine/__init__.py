"""机器: the servers below the parts, their certificates and their backups. Of the family of services."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.machine import (
    backup_missing,
    backup_old,
    box_certificate,
    certificate,
    disk,
    memory,
    temperature,
)

_OWN = (
    backup_missing,
    backup_old,
    box_certificate,
    certificate,
    disk,
    memory,
    temperature,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
