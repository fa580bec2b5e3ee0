"""What a refund that we ask for moves: taken aside first, in the transaction that makes it; then gone, or back again.

What is proven is a query's answer or a line of a bill, whichever is first; a refusal is proven where the provider says
that it will not and then that it has no such refund. What it gave back after all of that, the next bill books.
"""

from cloud.ledger.books.chart import UNCLEAR, Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.funds.floors import floor_of
from cloud.ledger.funds.providers.items import Item, ItemKind
from cloud.ledger.funds.providers.orders import order_of, step
from cloud.ledger.funds.providers.posting import (
    booked_fen,
    end_refund,
    give_back_refund,
    hold_refund,
    need_accounts,
)
from cloud.ledger.funds.providers.refunds import (
    OPEN_MAX,
    keep_refund,
    refund_number,
    refunds_in,
    refunds_of,
    step_refund,
)
from cloud.ledger.funds.providers.terms import NEVER, OPEN, DepositOrder, DepositRefund, OrderState, RefundState
from cloud.ledger.funds.successors import home_of
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import DepositRefused
from cloud.store.db import Database
from shared.facts.money.deposits import DepositRefunded, RefundRefused, RefundUnknown
from shared.money import yuan
from shared.wire import codec
from shared.words.voice import Text

REASON_MAX = 80
"""Characters that a payer's phone shows of why."""
_OF_ITEMS = (ItemKind.UNCLEAR, ItemKind.LONG)
"""Items whose payment is one of an order of ours, so that its provider can be asked to give it back."""


def refundable_fen(db: Database, order: DepositOrder) -> int:
    """What may still go back of what this order's card got of it."""
    if not order.txn:
        return 0
    got_fen = booked_fen(db, EntryKind.PROVIDER_OWES, order.provider, order.txn)
    own = [one for one in refunds_of(db, order.number) if one.card]
    elsewhere_fen = order.refunded_fen - sum(
        one.fen for one in refunds_of(db, order.number) if one.state == RefundState.DONE and one.txn == order.txn
    )
    return max(0, got_fen - sum(one.fen for one in own if one.state != RefundState.REFUSED) - max(0, elsewhere_fen))


def require_refundable(db: Database, order: DepositOrder | None, fen: int) -> DepositOrder:
    """DepositRefused where so much of it cannot go back."""
    if order is None or not order.txn:
        raise DepositRefused(Text("没有此订单，或未支付", "no such order, or it was not paid"))
    most = refundable_fen(db, order)
    if not 0 < fen <= most:
        raise DepositRefused(Text(f"可退至多 ¥{yuan(most)}", f"¥{yuan(most)} of it may go back at most"))
    return order


def refund_deposit(writing: Writing, number: str, fen: int, reason: str, proposal: int) -> DepositRefund:
    """Inside of a transaction: the account has it no more, and the provider is asked for it soon. DepositRefused."""
    order = require_refundable(writing.db, order_of(writing.db, number), fen)
    card = home_of(writing.db, order.card)
    writing.booking.flush()
    accounts = writing.accounts(card)
    balance = balance_now(writing.db, accounts.online, Side.CREDIT) if accounts else 0
    free_fen = max(0, balance - floor_of(writing.db, card))
    if fen > free_fen:
        raise DepositRefused(
            Text(f"电子账户只有 ¥{yuan(free_fen)} 可退", f"the account has only ¥{yuan(free_fen)} for it")
        )
    now_ms = writing.now.unix_ms
    made = DepositRefund(
        refund_number(number, now_ms, proposal, 0), number, order.provider, order.txn, card, 0, fen, reason, proposal,
        now_ms, due_ms=now_ms, changed_ms=now_ms,
    )  # fmt: skip
    return _make(writing, made)


def refund_item(writing: Writing, item: Item, reason: str, proposal: int) -> DepositRefund:
    """Inside of a transaction: all that waits in 渠道待查款 because of this item goes back. DepositRefused."""
    order = order_of(writing.db, item.number)
    if order is None or item.kind not in _OF_ITEMS or item.unclear_fen <= 0:
        raise DepositRefused(Text("此差错无可退之款", "nothing of this item can go back"))
    need_accounts(writing, item.provider)
    if any(one.item == item.ident and one.state != RefundState.REFUSED for one in refunds_of(writing.db, item.number)):
        raise DepositRefused(Text("此差错已在退款", "this item is going back already"))
    now_ms = writing.now.unix_ms
    made = DepositRefund(
        refund_number(item.number, now_ms, proposal, item.ident), item.number, item.provider, item.txn, b"",
        item.ident, item.unclear_fen, reason, proposal, now_ms, due_ms=now_ms, changed_ms=now_ms,
    )  # fmt: skip
    return _make(writing, made)


def take_done(writing: Writing, refund: DepositRefund, fen: int, day: int, *, by_bill: bool) -> bool:
    """Inside of a transaction: it is through. False: not under this sum, or given back before; then a bill's line
    books what the provider did."""
    if refund.state == RefundState.DONE:
        return refund.fen == fen
    if not refund.is_open or fen != refund.fen:
        return False
    end_refund(writing, fen, refund.provider, refund.number)
    done = refund._replace(
        state=int(RefundState.DONE), day=day, due_ms=NEVER, tries=0, changed_ms=writing.now.unix_ms
    )  # fmt: skip
    step_refund(writing, done, codec.dumps([fen, day, int(by_bill)]))
    _step_order(writing, done)
    return True


def take_refusal(writing: Writing, refund: DepositRefund, why: str) -> None:
    """Inside of a transaction: the money is back where it came from, and somebody is told."""
    if not refund.is_open:
        return
    card = home_of(writing.db, refund.card) if refund.card else b""
    give_back_refund(writing, card, refund.fen, refund.provider, refund.number)
    done = refund._replace(state=int(RefundState.REFUSED), due_ms=NEVER, changed_ms=writing.now.unix_ms)
    step_refund(writing, done, codec.dumps([why]))
    writing.notes.tell(RefundRefused(refund.provider, refund.order, refund.fen, why))


def take_taken(writing: Writing, refund: DepositRefund) -> DepositRefund:
    """Inside of a transaction: the provider works on it."""
    if refund.state not in (RefundState.ASKED, RefundState.PERSON):
        return refund
    taken = refund._replace(state=int(RefundState.TAKEN), tries=0, changed_ms=writing.now.unix_ms)
    step_refund(writing, taken, codec.dumps([]))
    return taken


def take_silence(writing: Writing, refund: DepositRefund) -> None:
    """Inside of a transaction: nobody could be asked for too long, so a person is told."""
    done = refund._replace(due_ms=NEVER, changed_ms=writing.now.unix_ms)
    if refund.state == RefundState.PERSON:
        keep_refund(writing.db, done)
        return
    step_refund(writing, done._replace(state=int(RefundState.PERSON)), codec.dumps([]))
    writing.notes.tell(RefundUnknown(refund.provider, refund.order, refund.fen))


def unclear_fen(writing: Writing) -> int:
    """What 渠道待查款 holds."""
    writing.booking.flush()
    account = writing.registry.drawers.get(UNCLEAR.code)
    return balance_now(writing.db, account, Side.CREDIT) if account else 0


def _make(writing: Writing, made: DepositRefund) -> DepositRefund:
    if len(refunds_in(writing.db, OPEN, OPEN_MAX)) >= OPEN_MAX:
        raise DepositRefused(Text(f"在途退款已有 {OPEN_MAX} 笔", f"{OPEN_MAX} refunds are on their way"))
    if not made.card and unclear_fen(writing) < made.fen:
        raise DepositRefused(Text("待查款不足", "there is not so much unclear money"))
    hold_refund(writing, made.card, made.fen, made.provider, made.number)
    told = [made.order, made.provider, made.txn, made.card, made.item, made.fen, made.reason, made.proposal]
    step_refund(writing, made, codec.dumps(told))
    return made


def _step_order(writing: Writing, refund: DepositRefund) -> None:
    """The order has so much less, if the payment is its own."""
    order = order_of(writing.db, refund.order)
    if order is None or order.txn != refund.txn:
        return
    back_fen = order.refunded_fen + refund.fen
    state = OrderState.REFUNDED if back_fen >= order.paid_fen else OrderState(order.state)
    done = order._replace(
        state=int(state), refunded_fen=back_fen, due_ms=NEVER, changed_ms=writing.now.unix_ms
    )  # fmt: skip
    step(writing, done, codec.dumps([refund.number, refund.fen]))
    writing.booking.flush()
    accounts = writing.accounts(home_of(writing.db, order.card))
    left_fen = balance_now(writing.db, accounts.online, Side.CREDIT) if accounts else 0
    writing.notes.tell(DepositRefunded(refund.provider, refund.order, refund.fen, left_fen))
