"""Providers 支付渠道: what waits for a person, items, refunds, bills and settlements by day; and pay orders 付款单.

What moves money is proposed here and decided where proposals are; providers themselves are spoken to by their own
process alone.
"""

from typing import NamedTuple

from flask import render_template, request

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, listed
from cloud.console.pages.money.deciding import proposed, refused
from cloud.console.pages.money.shown import age, moment, now, yuan_of
from cloud.ledger.funds.orders.listed import PayOrderView
from cloud.ledger.funds.providers.terms import OrderState, RefundState
from cloud.ledger.held.deposits.items import DepositItemsLedger
from cloud.ledger.held.deposits.refunds import RefundLedger
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.words.balance.deposits import KINDS, REFUNDS, STATES
from shared.clocks.clock import day_number, day_text
from shared.errors import WireFault
from shared.input.amount import parse_yuan
from shared.words.voice import Text

SHOWN_MAX = 100
ORDERS_MAX = 500
"""Pay orders of one answer, the newest."""
DAY_MS = 86_400_000
LABEL_MAX, NUMBER_MAX = 32, 64
WORDS_OF = ("open", "paid", "closed", "over")
_NO_ITEM = Text("请写差错号", "give the number of an item")
_NO_CARD = Text("没有这张卡", "no such card")
_NO_SUM = Text("请写金额", "give a sum")


class Ordered(NamedTuple):
    """A pay order as it is shown."""

    view: PayOrderView
    age: Text

    @property
    def merchant(self) -> str:
        return self.view.order.merchant

    @property
    def state(self) -> str:
        return self.view.state


ORDERS: tuple[Column[Ordered], ...] = (
    Column("number", lambda row: row.view.order.id, numeric=True),
    Column("merchant", lambda row: row.merchant),
    Column("amount", lambda row: yuan_of(row.view.order.amount_fen), numeric=True),
    Column("pay_order_state", lambda row: row.state),
    Column("pay_order_note", lambda row: row.view.order.note),
    Column("pay_order_age", lambda row: str(row.age)),
    Column("pay_order_times", lambda row: row.view.payments, numeric=True),
    Column("pay_order_captured", lambda row: yuan_of(row.view.captured_fen), numeric=True),
    Column("pay_order_refunded", lambda row: yuan_of(row.view.refunded_fen), numeric=True),
)


def _channels(sources: Sources) -> Reply:
    at = now()
    view = sources.reader.channels(at.unix_ms - DAY_MS, day_number(at.campus_s), SHOWN_MAX)
    return render_template(
        "money/channels.html", view=view, at=moment(at.unix_ms), day_text=day_text, kinds=KINDS, moment=moment,
        age=lambda ms: age(ms, at.unix_ms),
        state=lambda one: STATES[OrderState(one.state)], stands=lambda one: REFUNDS[RefundState(one.state)],
    )  # fmt: skip


def _pay_orders(sources: Sources) -> Reply:
    wanted, at_ms = asked(request.args, ("merchant", "state")), now().unix_ms
    kept = dict(wanted.kept)
    found, merchants = sources.reader.pay_orders(
        kept.get("merchant", ""), kept.get("state", ""), at_ms, ORDERS_MAX
    )  # fmt: skip
    rows = [Ordered(one, age(one.order.made_ms, at_ms)) for one in found]
    return render_template(
        "money/pay_orders.html", list=listed(rows, ORDERS, wanted), merchants=merchants, chosen=kept, states=WORDS_OF,
        at=moment(at_ms), is_full=len(rows) == ORDERS_MAX, most=ORDERS_MAX,
    )  # fmt: skip


def _propose_item(sources: Sources) -> Reply:
    """The first person's word on an item: to a card, to its payer, or what was found out."""
    item, label = _number("item"), request.form.get("card", "").strip()[:LABEL_MAX]
    if not item:
        return refused(ProposalRefused(_NO_ITEM), "channels")
    if request.form.get("back"):
        return proposed(sources, "channels", lambda o, *said: RefundLedger(o).propose_item(item, *said))
    card = sources.reader.cards_of_labels([label]).get(label) if label else None
    if label and card is None:
        return refused(ProposalRefused(_NO_CARD), "channels")
    return proposed(
        sources, "channels", lambda o, *said: DepositItemsLedger(o).propose(item, card or b"", *said)
    )


def _propose_refund(sources: Sources) -> Reply:
    number = request.form.get("order", "").strip()[:NUMBER_MAX]
    try:
        fen = parse_yuan(request.form.get("yuan", ""))
    except WireFault:
        return refused(ProposalRefused(_NO_SUM), "channels")
    return proposed(sources, "channels", lambda o, *said: RefundLedger(o).propose(number, fen, *said))


def _number(name: str) -> int:
    text = request.form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


PAGES = (
    Page("channels", "/channels", Right.SEE_BOOKS, _channels, Menu.MONEY, whole=True),
    Page("pay_orders", "/pay-orders", Right.SEE_BOOKS, _pay_orders, Menu.MONEY, whole=True),
    Page("propose_item", "/channels/item", Right.DECIDE, _propose_item, writes=True, whole=True),
    Page("propose_refund", "/channels/refund", Right.DECIDE, _propose_refund, writes=True, whole=True),
)
