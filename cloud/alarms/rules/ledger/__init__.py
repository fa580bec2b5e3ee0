"""账目: what the books themselves show."""

from cloud.alarms.rule import Rule
from cloud.alarms.rules.ledger import difference, trial_balance

RULES: tuple[Rule, ...] = tuple(
    one.RULE
    for one in (
        difference,
        trial_balance,
    )
)
