"""账目: what the books themselves show."""

from cloud.alarms.rule import Rule
from cloud.alarms.rules.ledger import (
    account_negative,
    cash,
    differences,
    doubtful_record,
    gap,
    held,
    put_back,
    quarantine,
    trial_balance,
    write_off_due,
)

_OWN = (
    account_negative,
    cash,
    differences,
    doubtful_record,
    gap,
    held,
    put_back,
    quarantine,
    trial_balance,
    write_off_due,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
