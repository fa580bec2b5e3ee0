"""A cashier's day at the desk: cards drawn and spoiled, the close, and its sheet as a page to print. Words only."""

from __future__ import annotations

from collections.abc import Iterator

from edge.desk.desk import Desk
from edge.desk.paper import AWAY, no_line
from shared.clocks.clock import DAY_S, date_bcd
from shared.desk import DaySheet, DeskOp, No, parse_day_sheet
from shared.money import yuan

KINDS = {
    "cash_in": "现金充值 cash in",
    "cash_out": "现金退出 cash out",
    "cash_float": "备用金 float",
    "unload": "圈提 unload",
    "replace": "换卡/补卡 replacement",
    "release": "余款解冻 release",
}


def draw(desk: Desk, first: str, last: str) -> bool:
    """空白卡领用, by number range."""
    if desk.do(DeskOp.DRAW, [first, last]) is None:
        return False
    desk.say(f"已领用 / drawn: {first}–{last}（{int(last) - int(first) + 1}）")
    return True


def spoil(desk: Desk, label: str, reason: str) -> bool:
    """废卡登记."""
    if desk.do(DeskOp.SPOIL, [label, reason]) is None:
        return False
    desk.say(f"已登记废卡 / spoiled: {label}")
    return True


def close(desk: Desk, counted_fen: int, left: int) -> DaySheet | None:
    """日结; None when it was refused or is not known."""
    answer = desk.do(DeskOp.CLOSE, [counted_fen, left])
    return None if answer is None else parse_day_sheet(answer)


def sheet(desk: Desk, day: int) -> DaySheet | None:
    """The sheet of a day, 0 = today; None when it was refused or no answer came."""
    answer = desk.centre.ask(DeskOp.SHEET, [day])
    if isinstance(answer, list):
        return parse_day_sheet(answer)
    desk.say(no_line(answer) if isinstance(answer, No) else AWAY)
    return None


def sheet_lines(said: DaySheet) -> Iterator[str]:
    """The page."""
    day = date_bcd(said.day * DAY_S).hex()
    is_closed = said.counted_fen is not None
    yield f"卡务日结单 desk sheet · {said.cashier} · {day[:4]}-{day[4:6]}-{day[6:]} · " + (
        "已日结 closed" if is_closed else "未日结 open"
    )
    count = said.last_receipt - said.first_receipt + 1
    numbers = f"{said.first_receipt:06d}–{said.last_receipt:06d}" if count else "—"
    yield f"收据 receipts: {numbers}，共 {count} 张，连号 no gap"
    for row in said.rows:
        yield f"  {KINDS.get(row.kind, row.kind)}: {row.count} 笔 ¥{yuan(row.fen)}"
    yield f"现金应有 cash expected: ¥{yuan(said.expected_fen)}"
    if said.counted_fen is not None:
        yield f"现金实点 cash counted: ¥{yuan(said.counted_fen)}，已上交 handed over"
        yield f"差额 difference: {_difference(said.difference_fen)}"
    yield (
        f"空白卡 cards: 上存 opened {said.opened} + 领用 drawn {said.drawn} = 发出 used {said.used} + "
        f"废卡 spoiled {said.spoiled} + 结存 left {said.expected_left}"
    )
    if said.counted_left is not None:
        text = f"{said.cards_difference:+d}" if said.cards_difference else "相符 agrees"
        yield f"空白卡实点 cards counted: {said.counted_left}，{text}"


def _difference(fen: int) -> str:
    if not fen:
        return "无 none"
    return f"长款 over ¥{yuan(fen)}" if fen > 0 else f"短款 short ¥{yuan(-fen)}"
