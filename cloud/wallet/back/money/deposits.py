"""充值 into the chosen holder's online account, and callbacks of providers, which prove nothing here and move nothing.

An order is made in the books; the process that has the providers' keys sends it, and posts what they prove. The key is
the person's own: nobody meets another one's deposit by a key. The money goes to the online account, never on a card.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from cloud.ledger.funds.providers.orders import FEN_MAX, PROVIDER_MAX
from cloud.ledger.records.values import DepositRefused
from cloud.payments.deposits.calls import SENT_BACK, deposit_state, make_deposit
from cloud.payments.deposits.settings import Offer
from cloud.payments.providers.interface import OrderWay
from cloud.wallet.back.context import Context, Later, Operation, Right
from cloud.wallet.line.calls import NOTIFY_MAX
from cloud.wallet.line.problems import AWAY, MALFORMED, UNKNOWN, CallRefused, Problem
from cloud.wallet.line.shapes import HOLDER, KEY, Arguments, Kind, one_of, text, whole
from shared.words.voice import Text, told_by

FEN_LEAST = 1_00
PRESETS_FEN = (50_00, 100_00, 200_00, 500_00)
CODE_MAX = 128
"""Characters of a chat app's code."""
HEADERS_MAX, HEADER_MAX = 8, 1024
_NO_CHANNEL = Problem(422, "no-channel", Text("没有这个支付渠道", "no such provider"))
_NO_WAY = Problem(422, "no-way", Text("此渠道不支持这种付款方式", "this provider is not paid in this way here"))
_NONE = Problem(404, "no-deposit", Text("没有这笔充值", "no such deposit"))


def channels(context: Context, _: Arguments) -> dict[str, Any]:
    """By which providers, and how much."""
    return {
        "channels": list(context.site.channels), "presets_fen": list(PRESETS_FEN), "least_fen": FEN_LEAST,
        "most_fen": FEN_MAX, "to": context.whose.holder.name, "label": context.whose.label,
        "by": context.person.id,
        "ways": {name: list(_offer(context, name).ways) for name in context.site.channels},
        "sign": {name: [one.authorize, one.appid] for name, one in context.site.offers.items() if one.authorize},
    }  # fmt: skip


def new(context: Context, given: Arguments) -> dict[str, Any]:
    """An order, once under this key. way: in what it will be opened, a code where nothing is said; code: with which the
    chat app has sent the payer back."""
    if given["channel"] not in context.site.channels:
        raise CallRefused(_NO_CHANNEL)
    way = given["way"] or OrderWay.CODE
    if way not in _offer(context, given["channel"]).ways or (way == OrderWay.INSIDE) is not bool(given["code"]):
        raise CallRefused(_NO_WAY)
    address = context.caller.address if way == OrderWay.PHONE else ""
    opener = f"{SENT_BACK}{given['code']}" if way == OrderWay.INSIDE else address
    ledger, payer = context.site.ledger, f"wallet:{context.person.id}"
    try:
        return make_deposit(
            ledger, context.card, given["fen"], given["channel"], _key(context, given), payer, context.now, way, opener
        )
    except DepositRefused as fault:
        why = told_by(fault, Text("充值被拒", "the deposit was refused"))
        raise CallRefused(Problem(409, "deposit-refused", why)) from fault


def state(context: Context, given: Arguments) -> dict[str, Any]:
    """How it stands."""
    found = deposit_state(context.site.ledger, context.card, _key(context, given))
    if found is None:
        raise CallRefused(_NONE)
    return found


def notify(context: Context, given: Arguments) -> Later:
    """A callback is laid down for the process that can judge it. It is written beside the ledger's thread."""
    wakes, provider = context.site.wakes, given["provider"]
    if wakes is None or provider not in context.site.channels:
        raise CallRefused(UNKNOWN)
    try:
        body = b64decode(given["body"], validate=True)
    except ValueError as fault:
        raise CallRefused(MALFORMED) from fault
    return Later(lambda: wakes.wake(provider, given["headers"], body), _laid_down)


def _laid_down(made: object) -> dict[str, Any]:
    if made is not True:
        raise CallRefused(AWAY)  # its provider sends it again
    return {}


def _offer(context: Context, channel: str) -> Offer:
    return context.site.offers.get(channel, Offer())


def _key(context: Context, given: Arguments) -> str:
    return f"{context.person.id}:{given['key']}"


def _are_headers(value: object) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= HEADERS_MAX
        and all(isinstance(one, str) and len(one) <= HEADER_MAX for one in value.values())
    )


OPERATIONS: Mapping[str, Operation] = {
    "deposit/channels": Operation(Right.TOPS_UP, {"holder": HOLDER}, channels),
    "deposit/new": Operation(
        Right.TOPS_UP,
        {"holder": HOLDER, "key": KEY, "channel": text(PROVIDER_MAX), "fen": whole(FEN_LEAST, FEN_MAX),
         "way": one_of(*OrderWay, optional=True), "code": text(CODE_MAX, optional=True)},
        new,
    ),
    "deposit/state": Operation(Right.TOPS_UP, {"holder": HOLDER, "key": KEY}, state),
    "provider/notify": Operation(
        Right.ANYBODY,
        {"provider": text(PROVIDER_MAX), "headers": Kind("headers", _are_headers), "body": text(2 * NOTIFY_MAX, 0)},
        notify,
    ),
}
