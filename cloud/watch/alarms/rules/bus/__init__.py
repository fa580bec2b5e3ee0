"""总线: lines and what hangs on them."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.bus import (
    bus_babbling,
    bus_culprit,
    bus_cut,
    bus_duplicate_address,
    bus_load,
    bus_off,
    bus_passive,
    bus_silent,
)

_OWN = (
    bus_babbling,
    bus_culprit,
    bus_cut,
    bus_duplicate_address,
    bus_load,
    bus_off,
    bus_passive,
    bus_silent,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
