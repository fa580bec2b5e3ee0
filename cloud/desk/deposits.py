"""Deposits through providers 渠道充值 as a card desk hears of them: rows with the words of their states. Pure."""

from cloud.ledger.desk.deposits import CardDeposit
from cloud.ledger.funds.providers.terms import OrderState, RefundState
from cloud.words.balance.deposits import REFUNDS, STATES
from shared.words.voice import Text

WAITS = Text("待另一人确认", "waits for another person")


def row_of(one: CardDeposit) -> list[object]:
    """One deposit, as DeskOp.DEPOSITS says."""
    order, state = one.order, STATES[OrderState(one.order.state)]
    back = [[made.fen, WAITS.zh, WAITS.en, made.reason] for made in one.waiting]
    for made in one.refunds:
        stands = REFUNDS[RefundState(made.state)]
        back.append([made.fen, stands.zh, stands.en, made.reason])
    return [order.number, order.provider, order.paid_fen, one.may_fen, state.zh, state.en, back]
