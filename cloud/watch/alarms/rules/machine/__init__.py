"""机器: the servers below the parts, their certificates and their backups. Of the family of services."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.machine import (
    archive_failing,
    archive_waiting,
    backup_missing,
    backup_old,
    backup_unverified,
    box_certificate,
    certificate,
    disk,
    keys_unproven,
    memory,
    temperature,
)

_OWN = (
    archive_failing,
    archive_waiting,
    backup_missing,
    backup_old,
    backup_unverified,
    box_certificate,
    certificate,
    disk,
    keys_unproven,
    memory,
    temperature,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
