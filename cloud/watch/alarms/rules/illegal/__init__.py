"""非法终端: who is no terminal of ours."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.illegal import (
    foreign_psam,
    live_twice,
    mac_failures,
    record_fork,
    stolen,
    swap,
    tac_failures,
    taps_declined,
    unauthenticated,
    unknown_terminal,
    wrong_key,
)

_OWN = (
    foreign_psam,
    live_twice,
    mac_failures,
    record_fork,
    stolen,
    swap,
    tac_failures,
    taps_declined,
    unauthenticated,
    unknown_terminal,
    wrong_key,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
