"""What a wallet and a stall's page ask of payments, as plain calls: arguments of JSON in, values of JSON out.

Who may is decided by whoever calls: a wallet's calls are for the card's own holder, a stall's for its keeper. A
caller's name goes into every key, so nobody meets another's. KeyReused is a conflict, PayRefused and CodeRefused a
wrong request.
"""

from contextlib import suppress

from cloud.ledger.funds.orders.calls import Call, PayRefused
from cloud.ledger.funds.orders.paying import Wanted
from cloud.ledger.funds.orders.rows import TOKEN_SIZE
from cloud.ledger.funds.orders.till import token_of
from cloud.ledger.records.values import Now
from cloud.payments.codes.door import CodeDoor
from cloud.payments.orders.door import OrderDoor
from cloud.payments.views import View, code_view, order_view, outcome_view, payment_view, seen_view, shown_view
from shared.errors import WireFault
from shared.ids import CardId
from shared.online import ORDER_PREFIX, parse_code
from shared.words.voice import Text

ORDER_MS = 900_000
"""An order made by a stall's page is open for so long, unless it says otherwise."""


def wallet_of(card: CardId) -> str:
    """The caller's name of a card's wallet."""
    return f"wallet:{card.hex()}"


def stall_of(merchant: str) -> str:
    """The caller's name of a merchant's page."""
    return f"stall:{merchant}"


# --- a wallet's ------------------------------------------------------------------------------------------------------


def new_code(codes: CodeDoor, card: CardId, now: Now) -> View:
    """A code to show, and when to ask for the next."""
    return code_view(codes.new(card, now))


def code_state(codes: CodeDoor, card: CardId, code: str, now: Now) -> View:
    """Asked every second while a code is on the screen: the till's answer is seen as soon as it is given."""
    try:
        digits = parse_code(code)
    except WireFault as fault:
        raise PayRefused(str(fault)) from fault
    return seen_view(codes.seen(card, digits, now))


def order(orders: OrderDoor, token: str, now: Now) -> View:
    """What a merchant's code asks for."""
    found = orders.order(_token(token))
    if found is None:
        raise PayRefused(Text("没有这个付款单", "no such order"))
    return order_view(found, now.unix_ms)


def pay(orders: OrderDoor, card: CardId, key: str, token: str, fen: int, now: Now) -> View:
    """Pay an order. An answer that is lost is found by the same call again, or by `settle`."""
    return outcome_view(orders.pay(Call(wallet_of(card), key), _token(token), card, fen, now))


def settle(orders: OrderDoor, card: CardId, key: str, now: Now) -> View:
    """结果未知: what the call under this key came to; where it never came, it never will, and nothing was paid."""
    return outcome_view(orders.abandon(Call(wallet_of(card), key), now))


def paid(orders: OrderDoor, card: CardId) -> list[View]:
    """The newest online payments of a card, with their refunds."""
    return [shown_view(one) for one in orders.paid_by(card)]


# --- a stall's -------------------------------------------------------------------------------------------------------


def make_order(
    orders: OrderDoor, merchant: str, key: str, fen: int, now: Now, *, is_single: bool = True, captures: bool = True,
    valid_ms: int = ORDER_MS, note: str = "",
) -> View:  # fmt: skip
    """A code for somebody to pay. fen 0: the payer says the sum."""
    wanted = Wanted(merchant, fen, is_single, captures, valid_ms, note)
    return order_view(orders.make(Call(stall_of(merchant), key), wanted, now), now.unix_ms)


def close_order(orders: OrderDoor, merchant: str, token: str, now: Now) -> View:
    """It is paid no more."""
    return order_view(orders.close(stall_of(merchant), _token(token), now), now.unix_ms)


def paid_on(orders: OrderDoor, merchant: str, token: str) -> list[View]:
    """What was paid on an order."""
    return [payment_view(one) for one in orders.paid_on(stall_of(merchant), _token(token))]


def capture(orders: OrderDoor, merchant: str, key: str, payment: int, fen: int, now: Now) -> View:
    """请款."""
    return outcome_view(orders.capture(Call(stall_of(merchant), key), payment, fen, now))


def void(orders: OrderDoor, merchant: str, key: str, payment: int, now: Now) -> View:
    """撤回."""
    return outcome_view(orders.void(Call(stall_of(merchant), key), payment, now))


def refund(orders: OrderDoor, merchant: str, key: str, payment: int, fen: int, reason: str, now: Now) -> View:
    """退款."""
    return outcome_view(orders.refund(Call(stall_of(merchant), key), payment, fen, reason, now))


def _token(text: str) -> bytes:
    """In hex, or the code on a till's glass."""
    with suppress(WireFault):
        return token_of(parse_code(text, ORDER_PREFIX))
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != TOKEN_SIZE:
        raise PayRefused(Text("没有这个付款单", "no such order"))
    return raw
