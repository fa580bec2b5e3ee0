"""Deposits by phone 渠道充值 at the desk: what a card got, how refunds stand, and a first word on one.

A refund goes back to its payer, by the provider by which it came: the desk pays nothing of it out in cash.
"""

from __future__ import annotations

from typing import NamedTuple

from edge.desk.desk import Desk
from edge.desk.paper import AWAY, no_line
from shared.ids import CardId
from shared.money import yuan
from shared.wire import codec
from shared.wire.desk.calls import DeskOp, No
from shared.words.voice import Text

NO_CASH = Text("由渠道原路退回，本台不付现金", "it goes back by its provider: nothing of it is paid here in cash")
NONE = Text("没有渠道充值", "no deposits through providers")


class Deposit(NamedTuple):
    """may_fen: what may go back. back: fen, its state in Chinese and in English, why."""

    order: str
    provider: str
    fen: int
    may_fen: int
    zh: str
    en: str
    back: list[list[object]]


def listed(desk: Desk, card: CardId) -> bool:
    """Of this card, the newest first; False where no answer came."""
    answer = desk.centre.ask(DeskOp.DEPOSITS, [card])
    if not isinstance(answer, list):
        desk.say(no_line(answer) if isinstance(answer, No) else AWAY)
        return False
    for raw in answer:
        for line in lines(Deposit(*codec.fields(raw, str, str, int, int, str, str, list, what="deposit"))):
            desk.say(line)
    if not answer:
        desk.say(NONE)
    return True


def lines(one: Deposit) -> list[Text]:
    """A deposit and its refunds, a line each."""
    fen, may = yuan(one.fen), yuan(one.may_fen)
    said = [
        Text(
            f"{one.order}  {one.provider}  ¥{fen}  {one.zh}  可退 ¥{may}",
            f"{one.order}  {one.provider}  ¥{fen}  {one.en}  ¥{may} may go back",
        )
    ]
    for raw in one.back:
        back_fen, zh, en, why = codec.fields(raw, int, str, str, str, what="refund")
        sum_text = yuan(back_fen)
        said.append(Text(f"    退款 ¥{sum_text}  {zh}  {why}", f"    ¥{sum_text} back  {en}  {why}"))
    return said


def propose(desk: Desk, card: CardId, order: str, fen: int, reason: str) -> bool:
    """So much of this deposit; somebody else confirms it."""
    answer = desk.do(DeskOp.DEPOSIT_REFUND, [card, order, fen, reason])
    if answer is None:
        return False
    (number,) = codec.fields(answer, int, what="proposal")
    desk.say(Text(f"提议 {number}，待另一人确认", f"proposal {number} waits for another person"))
    desk.say(NO_CASH)
    return True
