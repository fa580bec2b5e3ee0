"""`cloud slo`: the goals of a month, what became of them, and what is left of the error budget."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cloud.commands.watch.around import moment, now_ms, say
from cloud.process.settings import load_settings
from cloud.watch.services.goals import Outcome, month_of
from cloud.watch.services.months import Measured, how_whole, measure
from cloud.watch.services.words import both
from shared.words.voice import Text

SCHEMA, FORMAT = "openykt.slo", 1
_THIS = slice(0, 7)


def show(data: Path, dsn: str | None, month: str | None, *, as_json: bool) -> int:
    """0: every goal that is known is met so far. 1: one is missed. 2: of none anything is known."""
    at_ms = now_ms()
    found = measure(load_settings(data), dsn, month_of(month or moment(at_ms)[_THIS]), at_ms)
    met = [one.is_met for one in found.outcomes if one.is_met is not None]
    code = 2 if not met else int(not all(met))
    say(*([json.dumps(_json(found, code), ensure_ascii=False)] if as_json else _lines(found)))
    return code


def _lines(found: Measured) -> Iterator[str]:
    yield f"{found.month.name}  {how_whole(found)}"
    for why in found.why.values():
        yield str(Text(f"○ 读不到：{why.zh}", f"○ cannot be read: {why.en}"))
    for one in found.outcomes:
        yield _line(one)
        yield from (f"    {apart.what}{_many(apart.many)}" for apart in one.apart if apart.many)


def _line(one: Outcome) -> str:
    if one.share is None or one.left is None:
        unknown = Text("○ 未知", "○ unknown")
        return f"{unknown}  {one.called}  {Text('目标', 'goal')} {one.goal:.1%}"
    mark = Text("● 余量内", "● within budget") if one.is_met else Text("✗ 超出", "✗ over budget")
    amount = one.still
    left = Text(f"余量 {amount.zh}（{one.left:.0%}）", f"{amount.en} left of the budget ({one.left:.0%})")
    says = "".join(f"  {name.removesuffix('_s')} ≤ {value:g} s" for name, value in (one.says or {}).items())
    return f"{mark}  {one.called}  {one.share:.3%}  {Text('目标', 'goal')} {one.goal:.1%}{says}  {left}"


def _many(count: int) -> str:
    return str(Text("：不知多少", ": nobody knows how many")) if count < 0 else str(Text(f"：{count}", f": {count}"))


def _json(found: Measured, code: int) -> dict[str, Any]:
    """As programs read it: keys are added, never renamed. Of `count` null: nobody knows."""
    return {
        "schema": SCHEMA, "format": FORMAT, "month": found.month.name, "at_ms": found.at_ms, "over": found.is_over,
        "whole": found.is_whole, "watched_from_ms": found.from_ms or None, "exit_code": code,
        "why": {name: both(text) for name, text in found.why.items()},
        "goals": [_outcome_json(one) for one in found.outcomes],
    }  # fmt: skip


def _outcome_json(one: Outcome) -> dict[str, Any]:
    apart = [{"what": both(a.what), "count": None if a.many < 0 else a.many} for a in one.apart]
    return {
        "goal": one.name, "called": both(one.called), "box": one.about or None, "wanted": one.goal, "unit": one.unit,
        "good": one.good, "bad": one.bad, "share": one.share, "budget": one.budget, "budget_left": one.left,
        "met": one.is_met, "not_counted": apart, "figures": one.says or {},
    }  # fmt: skip
