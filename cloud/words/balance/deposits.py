"""Deposits through providers 渠道充值 in words: how an order and a refund stand, and what an item of a bill is."""

from collections.abc import Callable

from cloud.ledger.funds.providers.items import ItemKind
from cloud.ledger.funds.providers.terms import OrderState, RefundState
from cloud.ledger.held.deposits import items as item_words
from cloud.ledger.held.deposits import refunds as refund_words
from cloud.ledger.held.two_persons import Proposal, ProposalKind
from shared.money import yuan
from shared.words.voice import Text

STATES = {
    OrderState.MADE: Text("已下单", "made"), OrderState.SENT: Text("待支付", "to be paid"),
    OrderState.PAID: Text("已入账", "posted"), OrderState.CLOSED: Text("已关闭", "closed"),
    OrderState.REFUNDED: Text("已退款", "refunded"), OrderState.PERSON: Text("待人工", "for a person"),
}  # fmt: skip
KINDS = {
    ItemKind.UNKNOWN: Text("账单有、非我订单", "of nobody's order"), ItemKind.LONG: Text("长款", "over"),
    ItemKind.SHORT: Text("短款", "short"),
    ItemKind.UNKNOWN_REFUND: Text("非我订单的退款", "a refund of nobody's order"),
    ItemKind.UNCLEAR: Text("待查款", "unclear"),
    ItemKind.REFUND_SHORT: Text("退款账单没有或不符", "a refund that the bill has not, or over another sum"),
    ItemKind.TWICE: Text("账单中出现两次", "twice in one bill"),
    ItemKind.FEE: Text("手续费不符", "other fees than the bill's"),
    ItemKind.MOVED: Text("结算中的未知变动", "an unknown movement of the account"),
    ItemKind.OVERSETTLED: Text("结算多于应结", "more brought than was owed"),
    ItemKind.RESETTLED: Text("同一结算金额变了", "brought before, over another sum"),
}  # fmt: skip
REFUNDS = {
    RefundState.ASKED: Text("待退", "to be asked for"),
    RefundState.TAKEN: Text("渠道处理中", "the provider works on it"),
    RefundState.DONE: Text("已退", "given back"),
    RefundState.REFUSED: Text("被拒，已退回账户", "refused, back in the account"),
    RefundState.PERSON: Text("待人工", "for a person"),
}


def deposit_line(one: Proposal, named: Callable[[bytes], str]) -> Text:
    """What is proposed of an item, or as a refund, in one line. named: a card as whoever looks may see it."""
    if one.kind is ProposalKind.REFUND:
        wanted = refund_words.read_offer(one.document)
        return Text(
            f"退款 ¥{yuan(wanted.fen)}，订单 {wanted.order}" + (f"，差错 {wanted.item}" if wanted.item else ""),
            f"¥{yuan(wanted.fen)} of order {wanted.order} goes back" + (f", item {wanted.item}" if wanted.item else ""),
        )
    offer = item_words.read_offer(one.document)
    if not offer.card:
        return Text(f"渠道差错 {offer.item}：已查明", f"item {offer.item} was looked into")
    return Text(
        f"渠道差错 {offer.item}：¥{yuan(offer.fen)} 归卡 {named(offer.card)}",
        f"item {offer.item}: ¥{yuan(offer.fen)} to card {named(offer.card)}",
    )
