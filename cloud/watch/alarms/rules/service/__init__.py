"""服务: parts, servers and the machine below them."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.service import (
    beat_refused,
    broker_down,
    canary,
    defect,
    job_stopped,
    keys_down,
    ledger_away,
    metrics_away,
    nobody_on_duty,
    outage,
    posting_late,
    roll_out,
    service_down,
    turned_away,
    versions_apart,
    watch_silent,
)

_OWN = (
    beat_refused,
    broker_down,
    canary,
    defect,
    job_stopped,
    keys_down,
    ledger_away,
    metrics_away,
    nobody_on_duty,
    outage,
    posting_late,
    roll_out,
    service_down,
    turned_away,
    versions_apart,
    watch_silent,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
