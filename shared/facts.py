"""How much a fact matters, in words that edge, ledger and alarm rules share. Codes belong to whoever tells."""

from enum import StrEnum

TEXT_MAX = 200
"""Characters of a fact's text; longer ones are cut."""


class Level(StrEnum):
    """紧急 / 重要 / 一般 / 提示. A promise to the alarm rules: added to, never renamed."""

    URGENT = "urgent"
    IMPORTANT = "important"
    GENERAL = "general"
    NOTICE = "notice"
