"""服务: parts, servers and the machine below them."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.service import (
    box_certificate,
    broker_down,
    canary,
    certificate,
    defect,
    disk,
    job_stopped,
    keys_down,
    ledger_away,
    memory,
    metrics_away,
    outage,
    roll_out,
    service_down,
    turned_away,
)

_OWN = (
    box_certificate,
    broker_down,
    canary,
    certificate,
    defect,
    disk,
    job_stopped,
    keys_down,
    ledger_away,
    memory,
    metrics_away,
    outage,
    roll_out,
    service_down,
    turned_away,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
