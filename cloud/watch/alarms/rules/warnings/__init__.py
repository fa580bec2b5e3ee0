"""预警: what is not bad yet, and will be at this rate. Of other families, by what it is about."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.warnings import (
    bus_errors,
    certificate_soon,
    disk_forecast,
    list_ageing,
    outbox_forecast,
    provider_key,
)

_OWN = (
    bus_errors,
    certificate_soon,
    disk_forecast,
    list_ageing,
    outbox_forecast,
    provider_key,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
