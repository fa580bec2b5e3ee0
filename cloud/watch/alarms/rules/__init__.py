"""The rules of day one: a file each, in the folder of its family; each says why it comes, and what to do.

A fact that is urgent or important belongs to exactly one of them; `tests/cloud/watch/alarms/test_rules.py` holds that.
"""

from types import ModuleType

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules import bus, card, docked, illegal, ledger, load, offline, security, service

_FAMILIES: tuple[ModuleType, ...] = (ledger, offline, load, illegal, card, bus, service, security, docked)
RULES: tuple[Rule, ...] = tuple(rule for family in _FAMILIES for rule in family.RULES)
DEEDS = frozenset({
    "device-moved", "epoch-let-through", "hotlist-policy", "psam-found", "put-back-closed", "swap-rejected",
    "tighter-confirmed", "tighter-ended", "write-off-confirmed",
})  # fmt: skip
"""What people have done or decided: told, and no alarm."""
