"""非法终端: who is no terminal of ours."""

from cloud.alarms.rule import Rule
from cloud.alarms.rules.illegal import unknown_terminal

RULES: tuple[Rule, ...] = tuple(one.RULE for one in (unknown_terminal,))
