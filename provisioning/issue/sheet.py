"""The daily production sheet 制卡日报: what each machine made and spoiled, by class, and the stock's sum. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from provisioning.issue.office import Sheet
from provisioning.issue.order import Order
from provisioning.issue.production import Attempt, Run, Step
from shared.clocks.clock import DAY_S, date_bcd
from shared.input.labels import in_order


class Worked(NamedTuple):
    """A lease with its order."""

    run: Run
    order: Order


def day_sheet(day: int, worked: Sequence[Worked], stock: Sheet) -> str:
    """Text for the day (days since 2000-01-01). Cards count on the day of their last step."""
    stamp = date_bcd(day * DAY_S).hex()
    parts = [f"制卡日报 / production sheet {stamp[:4]}-{stamp[4:6]}-{stamp[6:]}\n"]
    for one in worked:
        parts += _lease_lines(day, one)
    parts.append(stock_text(stock))
    return "\n".join(parts)


def stock_text(stock: Sheet) -> str:
    """The sum, and whether it is right."""
    verdict = "相符 / right" if stock.difference == 0 else f"不符，差 / WRONG by {stock.difference}"
    return (
        f"空白卡 blanks: 已发 issued {stock.issued} + 报废 spoiled {stock.spoiled} + 在库 left {stock.left}"
        f" + 在机 at machines {stock.at_machines} = 入库 received {stock.received}: {verdict}\n"
    )


def _lease_lines(day: int, one: Worked) -> Iterator[str]:
    lease = one.run.lease
    today = [attempt for attempt in one.run.attempts if attempt.at // DAY_S == day]
    good = [attempt for attempt in today if attempt.step is Step.DONE]
    waste = [attempt for attempt in today if attempt.step is Step.SPOILED]
    if not good and not waste:
        return
    yield f"{lease.batch}  {lease.machine}  段 lease {lease.lease}: 好卡 good {len(good)}, 报废 spoiled {len(waste)}"
    groups = Counter(one.order.line(attempt.line).group for attempt in good)
    for group in sorted(groups, key=lambda name: (in_order(name), name)):
        yield f"    {group}: {groups[group]}"
    yield from (_waste_line(attempt) for attempt in waste)
    yield ""


def _waste_line(attempt: Attempt) -> str:
    return f"    报废 spoiled: 空白卡 body {attempt.blank}, 行 line {attempt.line}: {attempt.reason}"
