"""A fact: a code and parameters, never a sentence. What edge, ledger and alarm rules share of it. Pure.

A code, a case and a parameter's name are promises to the alarm rules: added to, never renamed. Each kind of fact is a
class here beside, so that who tells one cannot forget a parameter: `RecordFork(epoch=1, seq=7)`. Keys, PINs and
passwords are never parameters.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

Value = int | str | bytes
"""Whole numbers (sums in fen, times in seconds), texts and bytes; truth is a whole number, too."""
Params = tuple[tuple[str, Value], ...]
"""In the order of the telling; a name stands once."""

PARAMS_MAX = 16
NAME_MAX = 32
"""Characters of a code's case and of a parameter's name."""
TEXT_MAX = 200
"""Characters of a parameter, and of the text that a fact of before has; who tells cuts longer ones."""
BYTES_MAX = 64
CASE = "case"
"""The parameter that tells apart what one code is told of."""
UNSAID = "unsaid"
"""So many more of these were not said before this one. May stand in any fact."""
TIMES = "times"
"""So often in one transaction. May stand in any fact."""


class Level(StrEnum):
    """紧急 / 重要 / 一般 / 提示. A promise to the alarm rules: added to, never renamed."""

    URGENT = "urgent"
    IMPORTANT = "important"
    GENERAL = "general"
    NOTICE = "notice"


@dataclass(frozen=True)
class Told:
    """One kind of fact: the class is its entry in the catalogue, an object is one happening.

    zh and en are templates over the parameters: {seq}, or {fen:yuan} with one of catalogue.KINDS.
    """

    code: ClassVar[str]
    case: ClassVar[str] = ""
    level: ClassVar[Level]
    zh: ClassVar[str]
    en: ClassVar[str]

    def params(self) -> Params:
        """As they go over the wire and into the ledger."""
        own = tuple((name, _plain(value)) for name, value in vars(self).items())
        return ((CASE, self.case), *own) if self.case else own


def _plain(value: Value) -> Value:
    """Bounded, and of the very types: an enum's member is its value."""
    if isinstance(value, str):
        return str(value)[:TEXT_MAX].replace("\0", "␀")
    return int(value) if isinstance(value, int) else bytes(value)[:BYTES_MAX]
