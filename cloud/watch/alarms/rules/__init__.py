"""The rules of day one: a file each, in the folder of its family; each says why it comes, and what to do.

A fact that is urgent or important belongs to exactly one of them; `tests/cloud/watch/alarms/test_rules.py` holds that.
"""

from types import ModuleType

from cloud.watch.alarms import drill
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules import (
    bus,
    card,
    docked,
    illegal,
    ledger,
    load,
    machine,
    offline,
    security,
    service,
    warnings,
)

_FAMILIES: tuple[ModuleType, ...] = (
    ledger, offline, load, illegal, card, bus, service, security, docked, machine, warnings,
)  # fmt: skip
RULES: tuple[Rule, ...] = (*(rule for family in _FAMILIES for rule in family.RULES), drill.RULE)
_FILES = {drill.DRILL: drill.__name__} | {
    one.RULE.name: one.__name__
    for family in _FAMILIES for one in vars(family).values() if isinstance(one, ModuleType) and hasattr(one, "RULE")
}  # fmt: skip


def file_of(name: str) -> str:
    """Where a rule of day one stands, from the folder of this program on; empty: it is none."""
    module = _FILES.get(name)
    return f"{module.replace('.', '/')}.py" if module else ""


DEEDS = frozenset({
    "day-closed-open", "device-moved", "epoch-let-through", "hotlist-policy", "psam-found", "put-back-closed",
    "swap-rejected", "tighter-confirmed", "tighter-ended", "write-off-confirmed",
})  # fmt: skip
"""What people have done or decided: told, and no alarm."""
