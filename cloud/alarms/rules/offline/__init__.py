"""脱机: who is not heard, and what waits meanwhile."""

from cloud.alarms.rule import Rule
from cloud.alarms.rules.offline import box_silent, outbox_room, terminal_silent

RULES: tuple[Rule, ...] = tuple(
    one.RULE
    for one in (
        box_silent,
        outbox_room,
        terminal_silent,
    )
)
