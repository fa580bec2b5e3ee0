"""A figure with its yardstick, and how a table of them is printed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from shared.words.columns import left, right
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. beside: what stands beside it (same run); ratio = value / beside_value; met: None without a goal.

    value None: not measured, and `goal` says why. spread: lowest and highest of what it is the median of.
    """

    name: str
    value: float | None
    unit: str
    beside: str = ""
    beside_value: float | None = None
    goal: str = ""
    met: bool | None = None
    spread: str = ""

    @property
    def ratio(self) -> float | None:
        """value / beside_value."""
        return self.value / self.beside_value if self.value is not None and self.beside_value else None

    @property
    def said(self) -> str:
        """The value as it is printed."""
        return "—" if self.value is None else f"{self.value:,.1f}"


def at_least(name: str, value: float, unit: str, beside: str, beside_value: float, share: float) -> Row:
    """A row whose goal is a share of its yardstick."""
    return Row(name, value, unit, beside, beside_value, f"≥ {share:g} ×", value >= share * beside_value)


def at_most(
    name: str, value: float, unit: str, bound: float, beside: str = "", beside_value: float | None = None
) -> Row:
    """A row whose goal is an upper bound."""
    return Row(name, value, unit, beside, beside_value, f"≤ {bound:g} {unit}", value <= bound)


def not_measured(name: str, unit: str, why: str) -> Row:
    """A row whose part is not there: neither met nor missed."""
    return Row(name, None, unit, goal=str(Text(f"未测：{why}", f"not measured: {why}")))


_MET, _NOT_MET = Text("达到", "met"), Text("未达到", "NOT MET")
_FIGURE, _VALUE, _UNIT = Text("项目", "figure"), Text("数值", "value"), Text("单位", "unit")
_BESIDE, _RATIO, _GOAL = Text("参照", "beside"), Text("比值", "ratio"), Text("目标", "goal")


def table(rows: Sequence[Row]) -> str:
    """The printed table."""
    lines = [_line(_FIGURE, _VALUE, _UNIT, _BESIDE, _VALUE, _RATIO, _GOAL), *map(_line_of, rows)]
    return "\n".join(lines) + "\n"


def _line_of(row: Row) -> str:
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
    beside = f"{row.beside_value:,.1f}" if row.beside_value is not None else ""
    verdict = "" if row.met is None else str(_MET if row.met else _NOT_MET)
    spread = f"({row.spread})" if row.spread else ""
    said = " ".join(word for word in (row.goal, verdict, spread) if word)
    return _line(row.name, row.said, row.unit, row.beside, beside, ratio, said)


def _line(
    figure: object, value: object, unit: object, beside: object, other: object, ratio: object, said: object
) -> str:
    begin = f"{left(figure, 44)}{right(value, 14)} {left(unit, 12)}"
    return f"{begin}{left(beside, 40)}{right(other, 14)}{right(ratio, 8)}  {said}"


def as_json(rows: Sequence[Row]) -> str:
    """DESIGN 1: name, value, unit, beside, beside_value, ratio, goal, met, spread."""
    return json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows], ensure_ascii=False, indent=1) + "\n"
