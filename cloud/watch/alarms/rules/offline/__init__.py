"""脱机: who is not heard, and what waits meanwhile."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.offline import (
    box_silent,
    clock,
    document_unmade,
    group_away,
    holiday_undrained,
    ledger_silent,
    list_behind,
    list_refused,
    list_unmade,
    oldest_unsent,
    outbox_damaged,
    outbox_refused,
    outbox_room,
    outbox_write,
    terminal_silent,
    terminal_store,
)

_OWN = (
    box_silent,
    clock,
    document_unmade,
    group_away,
    holiday_undrained,
    ledger_silent,
    list_behind,
    list_refused,
    list_unmade,
    oldest_unsent,
    outbox_damaged,
    outbox_refused,
    outbox_room,
    outbox_write,
    terminal_silent,
    terminal_store,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
