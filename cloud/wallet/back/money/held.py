"""Held calls 长轮询: a phone is told of the end of its codes, of an order it looks at, of what it has paid.

Each answers as it stands, and waits where nothing has ended yet (`waiting.py`); what is told behind the wait is the
same operation's answer, asked anew with all its rights. `held/look` is the front's alone.
"""

from collections.abc import Mapping
from typing import Any

from cloud.payments import calls, doors
from cloud.payments.views import shown_view
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.back.money.payments import CODE, TOKEN, answered, standing
from cloud.wallet.back.money.waiting import WAIT_MAX_S, Held, watch
from cloud.wallet.line.calls import HANDLES_MAX, LOOK, answer_json
from cloud.wallet.line.problems import NOT_YOURS, CallRefused
from cloud.wallet.line.shapes import HOLDER, Arguments, Kind, whole
from shared.online import code_digest

CODES_MAX = 2
"""The one on the screen, and the one before."""
NUMBER_MAX = 2**53
HANDLE_MAX = 32
_CODE = "SELECT digest, state, case_key FROM pay_code WHERE digest"
_ORDER = "SELECT token, state FROM pay_order WHERE token"
_PAYMENT = "SELECT id, state, captured_fen, refunded_fen FROM online_payment WHERE id"
_JUDGED = ("paid", "declined", "reversed")


def codes(context: Context, given: Arguments) -> Held:
    """How each stands, the newest first; held while that one may still pay and none of them is judged."""
    db = context.site.ledger.database
    with db.reading():
        watches = tuple(watch(db, _CODE, code_digest(one)) for one in given["codes"])
    found = answered(lambda: [standing(context, one) for one in given["codes"]])
    waits = found[0]["state"] == "alive" and not any(one["state"] in _JUDGED for one in found)
    return Held(found, context.person.id, watches, given["wait_s"] if waits else 0)


def order(context: Context, given: Arguments) -> Held:
    """As `order`; held while it may be paid: another phone may, and its merchant may close it."""
    db, door, token = context.site.ledger.database, doors.orders(context.site.ledger), given["token"]
    with db.reading():
        seen = watch(db, _ORDER, bytes.fromhex(token))
    found = answered(lambda: calls.order(door, token, context.now))
    return Held(found, context.person.id, (seen,), given["wait_s"] if found["is_open"] else 0)


def payment(context: Context, given: Arguments) -> Held:
    """One of this card's own payments; held while its sum is only reserved."""
    db, number = context.site.ledger.database, given["payment"]
    with db.reading():
        seen = watch(db, _PAYMENT, number)
    shown = doors.orders(context.site.ledger).payment(number)
    if shown is None or shown.payment.card != context.card:
        raise CallRefused(NOT_YOURS)
    found = shown_view(shown)
    return Held(found, context.person.id, (seen,), given["wait_s"] if found["state"] == "authorised" else 0)


def look(context: Context, given: Arguments) -> dict[str, Any]:
    """Handle → the answer that its phone gets now, null where nobody waits under it any more; those that still wait are
    not there."""
    told = context.site.room.told(context.site.ledger.database, given["handles"], context.now)
    return {handle: answer_json(one) if one is not None else None for handle, one in told.items()}


def _is_codes(value: object) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= CODES_MAX and all(CODE.fits(one) for one in value)


def _is_handles(value: object) -> bool:
    if not isinstance(value, list) or len(value) > HANDLES_MAX:
        return False
    return all(isinstance(one, str) and 0 < len(one) <= HANDLE_MAX for one in value)


CODES = Kind("codes", _is_codes, schema={"type": "array", "items": CODE.schema, "minItems": 1, "maxItems": CODES_MAX})
WAIT = whole(0, WAIT_MAX_S)
OPERATIONS: Mapping[str, Operation] = {
    "code/held": Operation(Right.OWN, {"holder": HOLDER, "codes": CODES, "wait_s": WAIT}, codes),
    "order/held": Operation(Right.PERSON, {"token": TOKEN, "wait_s": WAIT}, order),
    "paid/held": Operation(Right.OWN, {"holder": HOLDER, "payment": whole(1, NUMBER_MAX), "wait_s": WAIT}, payment),
    LOOK: Operation(Right.ANYBODY, {"handles": Kind("handles", _is_handles)}, look),
}
"""Calls that may be held, and the front's look."""
