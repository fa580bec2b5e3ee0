"""账目: what the books themselves show."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.ledger import (
    account_negative,
    account_payment,
    cash,
    day_not_closed,
    differences,
    discount_doubted,
    doubtful_record,
    gap,
    held,
    provider_deposit,
    put_back,
    quarantine,
    trial_balance,
    void,
    write_off_due,
)

_OWN = (
    account_negative,
    account_payment,
    cash,
    day_not_closed,
    differences,
    discount_doubted,
    doubtful_record,
    gap,
    held,
    provider_deposit,
    put_back,
    quarantine,
    trial_balance,
    void,
    write_off_due,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
