"""Pay orders made, paid, captured, void, refunded and expired: each call inside of a transaction, each done once.

The time-out is the centre's own: whoever comes first finds what is over, and gives it back before anything else. So no
capture can win against a time that has passed, and a sum is reserved no longer than it was asked for.
"""

from typing import NamedTuple

from cloud.ledger.books.chart import RESERVED, AccountKind, Side
from cloud.ledger.funds.bounds import day_max_of
from cloud.ledger.funds.floors import floor_of
from cloud.ledger.funds.orders import papers
from cloud.ledger.funds.orders.calls import Call, Outcome, PayRefused, PayResult, What, once
from cloud.ledger.funds.orders.rows import (
    REFUND_COLUMNS,
    OnlineState,
    OrderRow,
    OrderState,
    PaymentRow,
    expired,
    keep_order,
    keep_payment,
    next_id,
    order_by_id,
    order_of,
    payment_of,
    payments_for,
)
from cloud.ledger.funds.orders.till import is_payable, take, till_order_of
from cloud.ledger.funds.payments.cases import paid_on
from cloud.ledger.funds.payments.rule import Asked, decide
from cloud.ledger.funds.payments.school import ONE_MOST_FEN, pay_bounds
from cloud.ledger.funds.successors import home_of
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.registry import ensure_accounts, touch_registry
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.facts.money.payments import OnlineExpired
from shared.ids import CardId
from shared.online import PaymentResult
from shared.words.voice import Text

AMOUNT_MAX_FEN = ONE_MOST_FEN
"""Of one order, and of one payment: as of an account payment at a till."""
ORDER_MS_MAX = 400 * 86_400_000
"""A code on a stall's wall hangs there for a year."""
HOLD_MS_MAX = 7 * 86_400_000
"""Nobody's money is reserved for longer."""
HOLD_MS = 900_000
NOTE_MAX, REASON_MAX = 80, 200
SWEPT_MAX = 200
"""Payments that one transaction gives back by time-out; the next one goes on."""
_DECLINED = {
    PaymentResult.HOTLISTED: PayResult.HOTLISTED,
    PaymentResult.OVER_LIMIT: PayResult.OVER_LIMIT,
    PaymentResult.NO_FUNDS: PayResult.NO_FUNDS,
}


class Wanted(NamedTuple):
    """An order to be made. amount_fen 0: whoever pays says the sum. captures: paying it is the whole payment."""

    merchant: str
    amount_fen: int
    is_single: bool
    captures: bool
    valid_ms: int
    note: str = ""


def make_order(writing: Writing, call: Call, wanted: Wanted, token: bytes) -> OrderRow:
    """A pay order of this merchant's. A repeat is the first one. KeyReused, PayRefused."""
    account = _merchant(writing.db, wanted.merchant)
    _require(0 <= wanted.amount_fen <= AMOUNT_MAX_FEN, Text("金额超限", "the sum is out of bounds"))
    _require(0 < wanted.valid_ms <= ORDER_MS_MAX, Text("有效期超限", "the time is out of bounds"))
    _require(len(wanted.note) <= NOTE_MAX, Text("备注过长", "the note is too long"))
    _require(wanted.note.isprintable(), Text("备注须为一行可见字符", "the note is one line of visible characters"))
    ms = writing.now.unix_ms

    def act() -> Outcome:
        row = OrderRow(
            next_id(writing.db, "pay_order"), token, call.caller, wanted.merchant, account, wanted.amount_fen,
            int(wanted.is_single), int(wanted.captures), wanted.note, int(OrderState.OPEN), ms, ms + wanted.valid_ms,
        )  # fmt: skip
        keep_order(writing.db, row)
        writing.booking.link(BookLinkKind.PAY_ORDER, row.id, digest_of(row))
        return Outcome(PayResult.DONE, row.id)

    return order_by_id(writing.db, once(writing, call, What.ORDER, list(wanted), act).payment)


def close_order(writing: Writing, maker: str, token: bytes) -> OrderRow:
    """It is paid no more, also where what is reserved now goes back; what was paid stays. Idempotent. PayRefused for
    another's."""
    order = _order(writing.db, token)
    _require(order.maker == maker, _NO_ORDER)
    if order.state == OrderState.OPEN or _is_reserved(writing.db, order):
        order = order._replace(state=int(OrderState.CLOSED))
        keep_order(writing.db, order)
        writing.booking.link(BookLinkKind.PAY_ORDER_CLOSED, order.id, digest_of((order.id, writing.now.unix_ms)))
    return order


def pay(writing: Writing, call: Call, token: bytes, card: CardId, fen: int, hold_ms: int = HOLD_MS) -> Outcome:
    """Out of this card's account: authorised, and captured where the order captures; a till's is paid at once. fen:
    what the payer has seen and agreed to. hold_ms: how long it is reserved at most. KeyReused, PayRefused."""
    order = _order(writing.db, token)
    _require(writing.accounts(card) is not None, Text("没有此卡", "no such card"))
    _require(0 < fen <= AMOUNT_MAX_FEN and fen == (order.amount_fen or fen), Text("金额不符", "another sum"))
    _require(0 < hold_ms <= HOLD_MS_MAX, Text("有效期超限", "the time is out of bounds"))

    def act() -> Outcome:
        against = _against(writing, order, card, fen)
        if against is not None:
            return Outcome(against)
        till = till_order_of(writing.db, order)
        if till is not None:
            take(writing, till, order, card)
            return Outcome(PayResult.DONE, 0, fen)
        row = _authorised(writing, call, order, card, fen, hold_ms)
        if order.captures:
            _capture(writing, call, row, fen)
        if order.is_single:
            keep_order(writing.db, order._replace(state=int(OrderState.PAID)))
        return Outcome(PayResult.DONE, row.id, fen)

    return once(writing, call, What.PAY, [token, card, fen, hold_ms], act)


def capture(writing: Writing, call: Call, payment: int, fen: int) -> Outcome:
    """请款, by the order's maker: once, of all or a part; the rest is the holder's again. KeyReused, PayRefused."""
    row = _payment(writing, call, payment)
    _require(fen > 0, Text("金额须大于零", "a sum above zero"))

    def act() -> Outcome:
        if row.state != OnlineState.AUTHORISED:
            return Outcome(PayResult.OVER, payment)
        if fen > row.amount_fen:
            return Outcome(PayResult.ABOVE, payment)
        _capture(writing, call, row, fen)
        return Outcome(PayResult.DONE, payment, fen)

    return once(writing, call, What.CAPTURE, [payment, fen], act)


def void(writing: Writing, call: Call, payment: int) -> Outcome:
    """By the order's maker, before it is captured: all of it is the holder's again. KeyReused, PayRefused."""
    row = _payment(writing, call, payment)

    def act() -> Outcome:
        if row.state != OnlineState.AUTHORISED:
            return Outcome(PayResult.OVER, payment)
        _void(writing, row, OnlineState.VOID, call.key)
        return Outcome(PayResult.DONE, payment, row.amount_fen)

    return once(writing, call, What.VOID, [payment], act)


def refund(writing: Writing, call: Call, payment: int, fen: int, reason: str) -> Outcome:
    """退款, by the order's maker: of what was captured, never more than that in all. KeyReused, PayRefused."""
    row = _payment(writing, call, payment)
    _require(fen > 0, Text("金额须大于零", "a sum above zero"))
    _require(0 < len(reason) <= REASON_MAX and reason.isprintable(), Text("请写缘由", "a reason, please"))

    def act() -> Outcome:
        if row.state != OnlineState.CAPTURED:
            return Outcome(PayResult.OVER, payment)
        if fen > row.captured_fen - row.refunded_fen:
            return Outcome(PayResult.ABOVE, payment)
        _refund(writing, row, fen, reason)
        return Outcome(PayResult.DONE, payment, fen)

    return once(writing, call, What.REFUND, [payment, fen, reason], act)


def give_back(writing: Writing, row: PaymentRow, why: str) -> None:
    """All of what is reserved is the holder's again, for a reason that is no call of its maker's. RuleBroken: it is
    not reserved."""
    _void(writing, row, OnlineState.VOID, why)


def expire(writing: Writing) -> int:
    """What was reserved and is over goes back; so many. At SWEPT_MAX there may be more."""
    found = expired(writing.db, writing.now.unix_ms, SWEPT_MAX)
    for row in found:
        _expire(writing, row)
    return len(found)


def _order(db: Database, token: bytes) -> OrderRow:
    found = order_of(db, token)
    if found is None:
        raise PayRefused(_NO_ORDER)
    return found


_NO_ORDER = Text("没有这个付款单", "no such order")


def _payment(writing: Writing, call: Call, payment: int) -> PaymentRow:
    """As it stands now: one whose time is over has ended."""
    row = payment_of(writing.db, payment)
    if row is None or row.maker != call.caller:
        raise PayRefused(Text("没有这笔付款", "no such payment"))
    if row.state == OnlineState.AUTHORISED and row.expires_ms <= writing.now.unix_ms:
        return _expire(writing, row)
    return row


def _merchant(db: Database, merchant: str) -> int:
    sql = "SELECT id FROM account WHERE code = ? AND kind = ?"
    rows = db.run(sql, (f"merchant:{merchant}", str(AccountKind.MERCHANT)))
    if not rows:
        raise PayRefused(Text(f"没有商户 {merchant}", f"no such merchant: {merchant}"))
    return int(rows[0][0])


def _against(writing: Writing, order: OrderRow, card: CardId, fen: int) -> PayResult | None:
    """Everything that is known, in the transaction that moves the money."""
    till = till_order_of(writing.db, order)
    if not order.is_open(writing.now.unix_ms) or (till is not None and not is_payable(writing, till)):
        return PayResult.CLOSED
    known = writing.registry.cards[card]
    left_fen = balance_now(writing.db, known.accounts.online, Side.CREDIT)
    day_fen = paid_on(writing.db, card, day_number(writing.now.campus_s))
    floor_fen, day_max_fen = floor_of(writing.db, card), day_max_of(writing.db, card)
    asked = Asked(
        True, True, known.hotlisted, True, False, fen, day_fen, left_fen, floor_fen, day_max_fen,
        one_max_fen=pay_bounds(writing.db).one_fen,
    )  # fmt: skip
    said = decide(asked)
    return None if said is PaymentResult.APPROVED else _DECLINED[said]


def _authorised(
    writing: Writing, call: Call, order: OrderRow, card: CardId, fen: int, hold_ms: int
) -> PaymentRow:  # fmt: skip
    _need_reserved(writing)
    ms, number = writing.now.unix_ms, next_id(writing.db, "online_payment")
    row = PaymentRow(
        number, order.id, order.maker, card, order.merchant_account, fen, 0, 0, int(OnlineState.AUTHORISED),
        day_number(writing.now.campus_s), ms + hold_ms, ms, ms,
    )  # fmt: skip
    papers.post(writing, papers.authorised(number, card, fen, call.key))
    keep_payment(writing.db, row)
    return row


def _capture(writing: Writing, call: Call, row: PaymentRow, fen: int) -> None:
    home, rest_fen = home_of(writing.db, row.card), row.amount_fen - fen
    papers.post(writing, papers.captured(row.id, home, row.merchant_account, fen, rest_fen, call.key))
    _keep(writing, row._replace(state=int(OnlineState.CAPTURED), captured_fen=fen))


def _void(writing: Writing, row: PaymentRow, state: OnlineState, why: str) -> PaymentRow:
    papers.post(writing, papers.void(row.id, home_of(writing.db, row.card), row.amount_fen, why))
    _reopen(writing, row)
    return _keep(writing, row._replace(state=int(state)))


def _expire(writing: Writing, row: PaymentRow) -> PaymentRow:
    writing.notes.tell(OnlineExpired(row.id, row.amount_fen))
    return _void(writing, row, OnlineState.EXPIRED, "")


def _is_reserved(db: Database, order: OrderRow) -> bool:
    """Is it one that is paid once, by a sum that may still go back?"""
    is_paid = order.state == OrderState.PAID
    return is_paid and any(one.state == OnlineState.AUTHORISED for one in payments_for(db, order.id))


def _reopen(writing: Writing, row: PaymentRow) -> None:
    """An order that is paid once is not paid when its payment came to nothing."""
    order = order_by_id(writing.db, row.pay_order)
    if order.state == OrderState.PAID:
        keep_order(writing.db, order._replace(state=int(OrderState.OPEN)))


def _refund(writing: Writing, row: PaymentRow, fen: int, reason: str) -> None:
    number, home = next_id(writing.db, "online_refund"), home_of(writing.db, row.card)
    papers.post(writing, papers.refunded(number, row.id, home, row.merchant_account, fen, reason))
    writing.db.insert("online_refund", REFUND_COLUMNS, [(number, row.id, fen, reason, writing.now.unix_ms)])
    _keep(writing, row._replace(refunded_fen=row.refunded_fen + fen))


def _keep(writing: Writing, row: PaymentRow) -> PaymentRow:
    changed = row._replace(changed_ms=writing.now.unix_ms)
    keep_payment(writing.db, changed)
    return changed


def _need_reserved(writing: Writing) -> None:
    if RESERVED.code not in writing.registry.drawers:
        writing.registry.drawers.update(ensure_accounts(writing.db, (RESERVED,)))
        touch_registry(writing.db)


def _require(is_so: bool, why: Text) -> None:  # a fact, not a mode
    if not is_so:
        raise PayRefused(why)
