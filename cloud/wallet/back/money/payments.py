"""Codes and orders 在线支付 of the chosen holder's account: shown, paid, looked at. Only the holder himself spends.

A code's state is asked for every second while it is on the screen. An answer that was lost is found by the same call,
or by `pay/settle`, behind which a call that never came never pays.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from cloud.ledger.funds.orders.calls import KeyReused, PayRefused
from cloud.ledger.funds.orders.paying import AMOUNT_MAX_FEN
from cloud.ledger.funds.orders.rows import TOKEN_SIZE
from cloud.payments import calls, doors
from cloud.payments.codes.door import CodeRefused, Standing
from cloud.payments.views import View
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.claims import shown_to
from cloud.wallet.line.problems import CallRefused, Problem
from cloud.wallet.line.shapes import HOLDER, KEY, Arguments, octets, text, whole
from shared.errors import ConfigFault
from shared.online import CODE_DIGITS, code_digest
from shared.words.voice import Text, told_by

Said = View | list[View]
T = TypeVar("T", View, list[View])
TOKEN = octets(TOKEN_SIZE)
SHOWN = text(2 * TOKEN_SIZE, CODE_DIGITS)
"""What a merchant shows: a token, or the 18 digits on a till's glass."""
CODE = text(CODE_DIGITS, CODE_DIGITS)


def new_code(context: Context, _: Arguments) -> Said:
    """To be shown, and when to ask for the next one."""
    door = doors.codes(context.site.ledger)
    return answered(lambda: calls.new_code(door, context.card, context.now))


def code_state(context: Context, given: Arguments) -> Said:
    """What a till has made of it."""
    return answered(lambda: standing(context, given["code"]))


def standing(context: Context, code: str) -> View:
    """As it stands; one that is over because it was shown to an application names that as its place."""
    found = calls.code_state(doors.codes(context.site.ledger), context.card, code, context.now)
    if found["state"] != Standing.OVER:
        return found
    people = context.site.people
    with people.reading():
        return found | {"place": shown_to(people, code_digest(code), context.whose.holder.number)}


def order(context: Context, given: Arguments) -> Said:
    """What a merchant's code asks for."""
    door = doors.orders(context.site.ledger)
    return answered(lambda: calls.order(door, given["token"], context.now))


def pay(context: Context, given: Arguments) -> Said:
    """An order, once under this key."""
    door = doors.orders(context.site.ledger)
    key, token, fen = given["key"], given["token"], given["fen"]
    return answered(lambda: calls.pay(door, context.card, key, token, fen, context.now))


def settle(context: Context, given: Arguments) -> Said:
    """结果未知: what it came to."""
    door = doors.orders(context.site.ledger)
    return answered(lambda: calls.settle(door, context.card, given["key"], context.now))


def paid(context: Context, _: Arguments) -> Said:
    """The newest online payments, with what was given back of them."""
    return calls.paid(doors.orders(context.site.ledger), context.card)


def answered(call: Callable[[], T]) -> T:
    """What it returns; what payments refuse is a CallRefused."""
    try:
        return call()
    except KeyReused as fault:
        raise CallRefused(Problem(409, "key-reused", _text(fault))) from fault
    except (CodeRefused, PayRefused) as fault:
        raise CallRefused(Problem(422, "not-payable", _text(fault))) from fault


def _text(fault: ConfigFault) -> Text:
    return told_by(fault, Text("请求有误", str(fault)))


OPERATIONS: Mapping[str, Operation] = {
    "code/new": Operation(Right.OWN, {"holder": HOLDER}, new_code),
    "code/state": Operation(Right.OWN, {"holder": HOLDER, "code": CODE}, code_state),
    "order": Operation(Right.PERSON, {"token": SHOWN}, order),
    "pay": Operation(
        Right.OWN, {"holder": HOLDER, "key": KEY, "token": TOKEN, "fen": whole(1, AMOUNT_MAX_FEN)}, pay
    ),
    "pay/settle": Operation(Right.OWN, {"holder": HOLDER, "key": KEY}, settle),
    "paid": Operation(Right.SEES, {"holder": HOLDER}, paid),
}
