"""What the calls of the open platform return, in JSON Schema: by the names that the table says. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from cloud.ledger.funds.orders.paying import AMOUNT_MAX_FEN
from cloud.open.families.identity import OVER, STATES
from cloud.open.store.feed import EXPIRED, TESTED, TYPES
from cloud.open.store.lapses import UNPAID, WITHDRAWN
from cloud.payments.views import ORDER_WORDS, STATE_WORDS
from cloud.wallet.claims import CLAIMS

Schema = dict[str, Any]
ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
MS: Schema = {"type": "integer", "minimum": 0, "description": "Unix time, milliseconds"}
FEN: Schema = {"type": "integer", "minimum": 0, "description": "fen, 0.01 yuan"}
COUNT: Schema = {"type": "integer", "minimum": 0}


def one_of(words: Iterable[object]) -> Schema:
    """One of these."""
    return {"type": "string", "enum": [str(one) for one in words]}


def whole(properties: Mapping[str, Schema]) -> Schema:
    """An object that has all of these, and may have more in a later release."""
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def array(of: Schema) -> Schema:
    """So many of these."""
    return {"type": "array", "items": of}


def page(name: str) -> Schema:
    """Of these."""
    return whole({"items": array(ref(name)), "cursor": ID, "more": FLAG})


def ref(name: str) -> Schema:
    """By its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: Schema) -> Schema:
    """Or null: nobody knows."""
    return {**schema, "type": [schema["type"], "null"]}


_ORDER: dict[str, Schema] = {
    "order": ID, "merchant": TEXT, "fen": FEN | {"maximum": AMOUNT_MAX_FEN}, "note": TEXT, "is_single": FLAG,
    "captures": FLAG, "is_open": FLAG, "state": one_of(ORDER_WORDS.values()), "made_ms": MS, "expires_ms": MS,
}  # fmt: skip
_EVENT: Schema = whole({
    "id": ID, "type": one_of((*TYPES.values(), EXPIRED, UNPAID, WITHDRAWN, TESTED)), "at_ms": MS, "order": TEXT,
    "payment": TEXT, "fen": FEN, "reason": TEXT,
})  # fmt: skip
_PAID: dict[str, Schema] = {"payments": array(ref("Payment"))}
SCHEMAS: Mapping[str, Schema] = {
    "Problem": whole({
        "type": {"type": "string", "format": "uri"}, "code": TEXT, "status": {"type": "integer"}, "title": TEXT,
        "zh": TEXT, "en": TEXT,
    }),
    "Order": whole(_ORDER),
    "OrderPaid": whole(_ORDER | _PAID),
    "Orders": page("Order"),
    "Refund": whole({"fen": FEN, "reason": TEXT, "at_ms": MS}),
    "Payment": whole({
        "payment": ID, "order": ID, "state": one_of(STATE_WORDS.values()), "fen": FEN, "captured_fen": FEN,
        "refunded_fen": FEN, "opened_ms": MS, "expires_ms": MS,
        "refunds": array(ref("Refund")),
    }),
    "Moved": whole({"payment": ID, "fen": FEN}),
    "Event": _EVENT | {"properties": _EVENT["properties"] | {"ask": ID}},
    "Events": page("Event"),
    "Webhook": whole({
        "url": TEXT, "waits": COUNT, "tries": COUNT, "status": COUNT, "fault": TEXT, "next_ms": MS,
    }),
    "Queued": whole({"event": ID}),
    "DeadEvent": whole({"event": ID, "tries": COUNT, "status": COUNT, "fault": TEXT, "at_ms": MS}),
    "DeadEvents": page("DeadEvent"),
    "WebhookKey": whole({"kty": TEXT, "crv": TEXT, "use": TEXT, "alg": TEXT, "kid": TEXT, "x": TEXT}),
    "WebhookKeys": whole({"keys": array(ref("WebhookKey"))}),
    "Ask": whole({
        "ask": ID, "token": ID, "state": one_of((*STATES.values(), OVER)), "why": TEXT,
        "asked": array(one_of(CLAIMS)), "expires_ms": MS, "subject": TEXT,
        "claims": {"type": "object", "additionalProperties": {"type": ["string", "boolean", "null"]}},
    }),
    "Code": whole({"code": TEXT, "expires_ms": MS}),
    "Answered": whole({"ask": ID, "state": one_of(("agreed", "declined"))}),
    "Device": whole({
        "name": TEXT, "kind": TEXT, "place": TEXT, "said_ms": maybe(MS), "hotlist_version": maybe(COUNT),
        "parameter_version": maybe(COUNT), "slots_left": maybe(COUNT), "clock_set": maybe(FLAG),
    }),
    "Devices": whole({"items": array(ref("Device"))}),
}  # fmt: skip
