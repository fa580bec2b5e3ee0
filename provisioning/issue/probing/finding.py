"""What one check of one body came to."""

from enum import StrEnum
from typing import NamedTuple

from shared.words.voice import Text


class Mark(StrEnum):
    """UNKNOWN: it cannot be asked without harm, or it did not come to it; it is not good."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    TOLD = "told"
    """Neither good nor bad: a figure."""

    @property
    def said(self) -> Text:
        """For people."""
        return _SAID[self]


_SAID = {
    Mark.GOOD: Text("合格", "passes"),
    Mark.BAD: Text("不合格", "fails"),
    Mark.UNKNOWN: Text("未知", "unknown"),
    Mark.TOLD: Text("数值", "figure"),
}


class Finding(NamedTuple):
    """check: its name on the sheet."""

    check: str
    mark: Mark
    said: Text
