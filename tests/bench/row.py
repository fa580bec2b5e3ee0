"""A figure with its yardstick, and how a table of them is printed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


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
    return Row(name, None, unit, goal=f"未测 not measured: {why}")


def table(rows: Sequence[Row]) -> str:
    """The printed table."""
    lines = [f"{'figure':<44}{'value':>14} {'unit':<12}{'beside':<40}{'value':>14}{'ratio':>8}  goal"]
    for row in rows:
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        beside = f"{row.beside_value:,.1f}" if row.beside_value is not None else ""
        verdict = {None: "", True: "达到 met", False: "未达到 NOT MET"}[row.met]
        figure = f"{row.name:<44}{row.said:>14} {row.unit:<12}"
        spread = f"({row.spread})" if row.spread else ""
        said = " ".join(word for word in (row.goal, verdict, spread) if word)
        lines.append(f"{figure}{row.beside:<40}{beside:>14}{ratio:>8}  {said}")
    return "\n".join(lines) + "\n"


def as_json(rows: Sequence[Row]) -> str:
    """DESIGN 1: name, value, unit, beside, beside_value, ratio, goal, met, spread."""
    return json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows], ensure_ascii=False, indent=1) + "\n"
