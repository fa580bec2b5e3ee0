"""The daily production sheet 制卡日报: what each machine made and spoiled, by class, and the stock's sum. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from provisioning.custody.notes import heard
from provisioning.issue.office import Sheet
from provisioning.issue.order import Order
from provisioning.issue.production import Attempt, Run, Step
from shared.clocks.clock import DAY_S, date_bcd
from shared.input.labels import in_order
from shared.words.voice import Text


class Worked(NamedTuple):
    """A lease with its order."""

    run: Run
    order: Order


def day_sheet(day: int, worked: Sequence[Worked], stock: Sheet) -> str:
    """Text for the day (days since 2000-01-01). Cards count on the day of their last step."""
    stamp = date_bcd(day * DAY_S).hex()
    date = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:]}"
    parts = [str(Text(f"制卡日报 {date}\n", f"production sheet {date}\n"))]
    for one in worked:
        parts += _lease_lines(day, one)
    parts.append(stock_text(stock))
    return "\n".join(parts)


def stock_text(stock: Sheet) -> str:
    """The sum, and whether it is right."""
    verdict = (
        Text("相符", "right")
        if stock.difference == 0
        else Text(f"不符，差 {stock.difference}", f"WRONG by {stock.difference}")
    )
    made, waste, left, away = stock.issued, stock.spoiled, stock.left, stock.at_machines
    return str(
        Text(
            f"空白卡：已发 {made} + 报废 {waste} + 在库 {left} + 在机 {away} = 入库 {stock.received}：{verdict.zh}\n",
            f"blanks: issued {made} + spoiled {waste} + left {left} + at machines {away} = received "
            f"{stock.received}: {verdict.en}\n",
        )
    )


def _lease_lines(day: int, one: Worked) -> Iterator[str]:
    lease = one.run.lease
    today = [attempt for attempt in one.run.attempts if attempt.at // DAY_S == day]
    good = [attempt for attempt in today if attempt.step is Step.DONE]
    waste = [attempt for attempt in today if attempt.step is Step.SPOILED]
    if not good and not waste:
        return
    yield str(
        Text(
            f"{lease.batch}  {lease.machine}  第 {lease.lease} 段：好卡 {len(good)}，报废 {len(waste)}",
            f"{lease.batch}  {lease.machine}  lease {lease.lease}: good {len(good)}, spoiled {len(waste)}",
        )
    )
    groups = Counter(one.order.line(attempt.line).group for attempt in good)
    for group in sorted(groups, key=lambda name: (in_order(name), name)):
        yield f"    {group}: {groups[group]}"
    yield from (_waste_line(attempt) for attempt in waste)
    yield ""


def _waste_line(attempt: Attempt) -> str:
    why = heard(attempt.reason)
    return str(
        Text(
            f"    报废：空白卡 {attempt.blank}，第 {attempt.line} 行：{why.zh}",
            f"    spoiled: body {attempt.blank}, line {attempt.line}: {why.en}",
        )
    )
