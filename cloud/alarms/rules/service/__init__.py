"""服务: parts, servers and the machine below them."""

from cloud.alarms.rule import Rule
from cloud.alarms.rules.service import ledger_away, service_down

RULES: tuple[Rule, ...] = tuple(
    one.RULE
    for one in (
        ledger_away,
        service_down,
    )
)
