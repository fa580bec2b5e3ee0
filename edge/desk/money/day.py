"""A cashier's day at the desk: cards drawn and spoiled, the close, and its sheet as a page to print. Words only."""

from __future__ import annotations

from collections.abc import Iterator

from edge.desk.desk import Desk
from edge.desk.paper import AWAY, no_line
from shared.clocks.clock import DAY_S, date_bcd
from shared.money import yuan
from shared.wire.desk.calls import DaySheet, DeskOp, No, parse_day_sheet
from shared.words.voice import Text

KINDS = {
    "cash_in": Text("现金充值", "cash in"),
    "cash_out": Text("现金退出", "cash out"),
    "cash_float": Text("备用金", "float"),
    "unload": Text("圈提", "unload"),
    "replace": Text("换卡、补卡", "replacement, reissue"),
    "release": Text("余款解冻", "release"),
    "spare_lent": Text("备用卡押金", "deposits for spare cards"),
    "spare_returned": Text("备用卡归还", "spare cards returned"),
}


def draw(desk: Desk, first: str, last: str) -> bool:
    """空白卡领用, by number range."""
    if desk.do(DeskOp.DRAW, [first, last]) is None:
        return False
    count = int(last) - int(first) + 1
    desk.say(Text(f"已领用 {first}–{last}，共 {count} 张", f"drawn: {first}–{last}, {count} cards"))
    return True


def spoil(desk: Desk, label: str, reason: str) -> bool:
    """废卡登记."""
    if desk.do(DeskOp.SPOIL, [label, reason]) is None:
        return False
    desk.say(Text(f"已登记废卡：{label}", f"spoiled: {label}"))
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


def sheet_lines(said: DaySheet) -> Iterator[Text]:
    """The page."""
    day = date_bcd(said.day * DAY_S).hex()
    state = Text("未日结", "open") if said.counted_fen is None else Text("已日结", "closed")
    whose = f"{said.cashier} · {day[:4]}-{day[4:6]}-{day[6:]}"
    yield Text(f"卡务日结单 · {whose} · {state.zh}", f"desk sheet · {whose} · {state.en}")
    count = said.last_receipt - said.first_receipt + 1
    numbers = f"{said.first_receipt:06d}–{said.last_receipt:06d}" if count else "—"
    yield Text(f"收据：{numbers}，共 {count} 张，连号", f"receipts: {numbers}, {count} without a gap")
    for row in said.rows:
        kind = KINDS.get(row.kind, Text(row.kind, row.kind))
        yield Text(f"  {kind.zh}：{row.count} 笔 ¥{yuan(row.fen)}", f"  {kind.en}: {row.count}, ¥{yuan(row.fen)}")
    yield Text(f"现金应有：¥{yuan(said.expected_fen)}", f"cash expected: ¥{yuan(said.expected_fen)}")
    if said.counted_fen is not None:
        counted = yuan(said.counted_fen)
        yield Text(f"现金实点：¥{counted}，已上交", f"cash counted: ¥{counted}, handed over")
        yield _difference(said.difference_fen)
    yield Text(
        f"空白卡：上存 {said.opened} + 领用 {said.drawn} = 发出 {said.used} + 废卡 {said.spoiled} + "
        f"结存 {said.expected_left}",
        f"cards: opened {said.opened} + drawn {said.drawn} = used {said.used} + spoiled {said.spoiled} + "
        f"left {said.expected_left}",
    )
    if said.counted_left is not None:
        apart = Text(f"差 {said.cards_difference:+d}", f"{said.cards_difference:+d}")
        text = apart if said.cards_difference else Text("相符", "as it should be")
        yield Text(f"空白卡实点：{said.counted_left}，{text.zh}", f"cards counted: {said.counted_left}, {text.en}")


def _difference(fen: int) -> Text:
    if not fen:
        return Text("差额：无", "difference: none")
    apart = yuan(abs(fen))
    if fen > 0:
        return Text(f"差额：长款 ¥{apart}", f"difference: over by ¥{apart}")
    return Text(f"差额：短款 ¥{apart}", f"difference: short by ¥{apart}")
