"""What the wallet's calls answer, in JSON Schema: by the names of its operations. Pure.

Whoever adds an operation says here what it answers: `wallet.json` has nothing else. A later release may add fields.
"""

from collections.abc import Mapping

from cloud.ledger.funds.orders.calls import PayResult
from cloud.open.documents.schemas import COUNT, FEN, FLAG, MS, TEXT, Schema, array, maybe, one_of, ref, whole
from cloud.payments.codes.door import Standing
from cloud.payments.deposits.calls import WORDS
from cloud.payments.providers.interface import OrderWay
from cloud.payments.views import ORDER_WORDS, STATE_WORDS
from cloud.wallet.back.money.receipts import FORM
from cloud.wallet.claims import CLAIMS
from cloud.wallet.people.consents import CONSENT, GRANT
from cloud.wallet.people.sessions import Way
from cloud.wallet.settings import Binding
from shared.fleet.parameters import Limits
from shared.wire.desk.calls import CardState

SUM: Schema = {"type": "integer", "description": "fen, 0.01 yuan; below nothing: owed"}
TIME: Schema = {"type": "integer", "description": "campus seconds"}
DAY: Schema = {"type": "integer", "description": "campus day"}
HEX: Schema = {"type": "string", "pattern": "^([0-9a-f]{2})*$"}
WHY: Schema = {"type": "array", "items": TEXT, "maxItems": 2, "description": "zh and en; none: nothing to say"}
BOTH: Schema = {"type": "object", "properties": {"zh": TEXT, "en": TEXT}}
CLAIM: Schema = {"type": ["string", "boolean", "null"]}
_MERCHANT_SUMS: dict[str, Schema] = {
    "count": COUNT, "gross_fen": SUM, "backs": COUNT, "back_fen": SUM, "net_fen": SUM, "held_fen": SUM,
}  # fmt: skip
_NET: dict[str, Schema] = dict.fromkeys(("gross_fen", "back_fen", "net_fen", "held_fen"), SUM)
_NAMED: dict[str, Schema] = {"zh": TEXT, "en": TEXT}
_APP: dict[str, Schema] = {"app": TEXT, "merchant": TEXT, "why": TEXT}
_LIMITS: dict[str, Schema] = {
    name: FLAG if kind == "bool" else maybe(COUNT) for name, kind in Limits.__annotations__.items()
}  # fmt: skip
_RECORD = whole({"terminal": TEXT, "epoch": COUNT, "seq": COUNT, "record": HEX})
_PAID: dict[str, Schema] = {
    "payment": COUNT, "state": one_of(STATE_WORDS.values()), "fen": FEN, "captured_fen": FEN, "refunded_fen": FEN,
    "opened_ms": MS, "expires_ms": MS, "refunds": array(whole({"fen": FEN, "reason": TEXT, "at_ms": MS})),
    "merchant": TEXT, "note": TEXT,
}  # fmt: skip
_CODE_STATE = whole({
    "state": one_of(Standing), "fen": FEN, "left_fen": SUM, "place": TEXT, "why": WHY, "at_ms": MS,
})  # fmt: skip
_BY_CHANNEL: Schema = {"type": "object", "additionalProperties": array(TEXT)}
_DISPUTE: dict[str, Schema] = {"id": COUNT, "entry": COUNT, "why": TEXT, "at_ms": MS}
WALLET_SCHEMAS: Mapping[str, Schema] = {
    "Done": {"type": "object", "description": "it was done"},
    "Ended": whole({"ended": FLAG}),
    # who
    "Me": whole({
        "name": TEXT, "demo": FLAG, "stalls": array(TEXT), "teaches": FLAG,
        "holders": array(whole({"number": TEXT, "name": TEXT, "group": TEXT, "own": FLAG, "under14": FLAG})),
    }),
    "BindingWay": whole({"by": one_of(Binding)}),
    "SignOns": array(whole({"name": TEXT, **_NAMED})),
    "SignOn": whole({"url": TEXT}),
    "Devices": array(whole({
        "key": HEX, "agent": TEXT, "address": TEXT, "made_ms": MS, "seen_ms": MS, "way": one_of(["", *Way]),
        "this": FLAG,
    })),
    "Passkeys": array(whole({"key": HEX, "label": TEXT, "at_ms": MS})),
    "ProveWays": whole({"password": FLAG, "passkey": FLAG, "sms": TEXT, "campus": FLAG}),
    "PasskeyAsk": whole({"challenge": HEX, "options": {"type": "object"}}),
    # money
    "Home": whole({
        "holder": TEXT, "name": TEXT, "label": TEXT, "state": one_of(CardState), "blocked": FLAG, "at_ms": MS,
        "card": whole({"fen": SUM, "place": TEXT, "time": TIME, "seen": FLAG}), "pending_fen": SUM,
        "pending_subsidy_fen": SUM, "transit_fen": SUM, "spare": TEXT, "unread": COUNT, "online_fen": SUM,
        "subsidy_fen": SUM,
    }),
    "Statement": whole({
        "rows": array(whole({
            "entry": COUNT, "kind": TEXT, "said": BOTH, "day": DAY, "fen": SUM, "within_fen": SUM, "booked": TEXT,
            "place": TEXT, "time": maybe(TIME), "state": one_of(("posted", "reversed")), "proof": maybe(_RECORD),
            "channel": TEXT, "dispute": one_of(("", "open", "answered")),
        })),
        "next": COUNT,
    }),
    "Receipt": whole({
        "form": one_of((FORM,)), "entry": COUNT, "kind": TEXT, "day": DAY, "booked_ms": MS, "label": TEXT, "fen": SUM,
        "document": HEX, "record": HEX,
    }),
    "Code": whole({"code": TEXT, "issued_ms": MS, "expires_ms": MS, "rotate_ms": MS}),
    "CodeState": _CODE_STATE, "CodeStates": array(_CODE_STATE),
    "PayOrder": whole({
        "token": HEX, "merchant": TEXT, "fen": FEN, "note": TEXT, "is_single": FLAG, "captures": FLAG, "is_open": FLAG,
        "state": one_of(ORDER_WORDS.values()), "made_ms": MS, "expires_ms": MS,
    }),
    "Paid": whole({"result": one_of(PayResult), "why": WHY, "payment": COUNT, "fen": FEN, "again": FLAG}),
    "Payments": array(whole(_PAID)), "Payment": whole(_PAID),
    "DepositChannels": whole({
        "channels": array(TEXT), "presets_fen": array(FEN), "least_fen": FEN, "most_fen": FEN, "to": TEXT,
        "label": TEXT, "by": COUNT, "ways": _BY_CHANNEL, "sign": _BY_CHANNEL,
    }),
    "Deposit": whole({
        "order": TEXT, "provider": TEXT, "fen": FEN, "paid_fen": FEN, "refunded_fen": FEN,
        "state": one_of(WORDS.values()), "pay": TEXT, "expires_ms": MS, "qr": array(TEXT),
        "way": one_of(OrderWay),
    }),
    "Offline": whole({
        "own": FLAG, "on": FLAG, "uses": COUNT, "one_fen": FEN, "name": TEXT, "label": TEXT, "now_s": TIME,
        "phone": maybe(whole({
            "number": COUNT, "until_s": TIME, "uses": COUNT, "one_fen": FEN, "agent": TEXT, "this": FLAG,
        })),
        "ended": maybe(whole(_NAMED)),
    }),
    "Certificate": whole({"certificate": HEX, "now_s": TIME}),
    "Stall": whole({
        "merchant": TEXT, "day": DAY, "at_ms": MS, "sums": whole(_MERCHANT_SUMS),
        "shifts": array(whole(_NAMED | _MERCHANT_SUMS)), "tills": array(whole(_NAMED | _MERCHANT_SUMS)),
        "unsent": array(whole({
            "till": TEXT, "place": TEXT, "records": maybe(COUNT), "open": maybe(COUNT), "heard_ms": MS, "known": FLAG,
        })),
    }),
    "StallStatement": whole({
        "merchant": TEXT, "next": DAY,
        "days": array(whole({"day": DAY, "kinds": array(whole({"kind": TEXT, **_MERCHANT_SUMS})), **_NET})),
    }),
    # of a holder
    "Split": whole({
        "own": FLAG, "offline_fen": SUM, "online_fen": SUM, "floor_fen": SUM, "pending_fen": SUM, "due_fen": SUM,
        "due_why": maybe(whole(_NAMED)), "orderable_fen": SUM, "orderable_why": maybe(whole(_NAMED)),
        "ordered_fen": FEN, "quota": whole(_NAMED),
    }),
    "Limits": whole({
        "may_set": FLAG, "single_max_fen": FEN, "day_max_fen": FEN, "day_fen": FEN, "paid_today_fen": FEN,
        "floor_fen": SUM, "bound_fen": maybe(FEN), "bound_ms": MS, "by_guardian": FLAG, "more": COUNT,
        "cards": array(whole({
            "places": array(TEXT), "ceiling_fen": FEN,
            "meals": array(whole({"name": TEXT, "pin_above_fen": maybe(FEN), **_LIMITS})),
        })),
        "unsaid": array(TEXT), "days": array(whole({"day": COUNT, "fen": SUM})),
    }),
    "Messages": whole({
        "rows": array(whole({
            "at_ms": MS, "what": TEXT, **_NAMED, "entry": COUNT, "fen": SUM, "is_new": FLAG,
        })),
        "next": TEXT, "wanted": array(whole({"page": TEXT, **_NAMED})), "above_fen": FEN, "below_fen": FEN,
        "upto_ms": MS,
    }),
    "Privacy": whole({
        "own": FLAG, "under14": FLAG, "of_age": FLAG, "consented": FLAG,
        "guardians": array(whole({"person": COUNT, "name": TEXT, "granted": FLAG})),
        "words": array(whole({"use": one_of((CONSENT, GRANT)), "by": TEXT, "to": TEXT, "given": FLAG, "at_ms": MS})),
    }),
    "Export": whole({
        "made_ms": MS, "person": whole({"name": TEXT, "phone": TEXT, "holder": TEXT}),
        "devices": array(whole({"address": TEXT, "agent": TEXT, "seen_ms": MS, "way": TEXT})),
        **{
            name: array({"type": "object"})
            for name in ("words", "disputes", "answers", "losses", "applications")
        },
        "stalls": array(TEXT), "roster": maybe({"type": "object"}), "wards": array(TEXT),
        "told_above_fen": {"type": "object", "additionalProperties": FEN},
    }),
    "Disputes": array(whole(_DISPUTE)),
    "Erasure": whole({
        "against": array(whole(_NAMED)), "asked_ms": MS, "due_ms": MS,
        "kept": array(whole({"what": whole(_NAMED), "why": whole(_NAMED), "days": TEXT})),
    }),
    "Asked": whole({
        **_APP, "told": array(whole({"claim": one_of(CLAIMS), "value": CLAIM})), "expires_ms": MS,
    }),
    "AskAnswered": whole({"state": one_of(("agreed", "declined"))}),
    "Apps": whole({
        "own": FLAG, "items": array(whole({**_APP, "ask": COUNT, "claims": array(one_of(CLAIMS)), "at_ms": MS})),
    }),
    # losses
    "Loss": whole({
        "lost": FLAG, "since_ms": MS, "left_fen": SUM, "waiting": array(TEXT), "waits": COUNT, "blocked_ms": MS,
        "why": TEXT, "by": TEXT, "by_stranger": FLAG, "by_agent": TEXT, "by_address": TEXT, "by_other": FLAG,
    }),
    "Class": whole({
        "classes": array(whole({
            "class": TEXT,
            "pupils": array(whole({
                "number": TEXT, "name": TEXT, "card": one_of(["", *CardState]), "blocked_ms": MS, "by": TEXT,
                "liftable": FLAG, "label": TEXT,
            })),
            "spares": array(whole({
                "label": TEXT, "state": TEXT, "person": TEXT, "until_day": DAY, "late": FLAG,
            })),
        })),
    }),
    "Collected": whole({"state": one_of(("handed", "collected"))}),
}  # fmt: skip
_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "Done": (
        "sign-in/link", "sign-out", "sign-in/password", "sign-in/number", "sign-in/send-code", "sign-in/code",
        "sign-in/passkey", "sign-in/sso/finish", "phone/begin", "phone/finish", "password", "prove", "bind/begin",
        "bind/finish", "passkeys/add", "messages/read", "prove/send-code", "prove/code",
        "prove/passkey", "apps/take-back", "lost/report", "lost-night", "class/lost",
        "class/lift", "class/lend",
    ),
    "Ended": ("devices/end", "passkeys/end"),
    "PasskeyAsk": ("passkeys/ask", "sign-in/passkey/ask", "prove/passkey/ask"), "ProveWays": ("prove/ways",),
    "Deposit": ("deposit/new", "deposit/state"),
    "Paid": ("pay", "pay/settle"),
    "Offline": ("offline", "offline/end"),
    "Certificate": ("offline/certify", "offline/renew"),
    "Split": ("split", "split/order"),
    "Limits": ("limits", "limits/set"),
    "Messages": ("messages", "messages/above", "messages/below"),
    "Privacy": ("privacy", "consent", "grant"),
    "Disputes": ("disputes", "dispute"),
    "Erasure": ("erasure", "erasure/ask"),
    "Loss": ("lost", "lost/cancel"),
    "Me": ("me",), "BindingWay": ("bind/way",), "SignOns": ("sign-in/ways",), "SignOn": ("sign-in/sso/begin",),
    "Devices": ("devices",), "Passkeys": ("passkeys",), "Home": ("home",), "Statement": ("statement",),
    "Receipt": ("statement/receipt",), "Code": ("code/new",), "CodeState": ("code/state",),
    "PayOrder": ("order", "order/held"), "CodeStates": ("code/held",), "Payment": ("paid/held",),
    "Payments": ("paid",), "DepositChannels": ("deposit/channels",), "Stall": ("stall",),
    "StallStatement": ("stall/statement",), "Export": ("export",), "Asked": ("apps/asked",),
    "AskAnswered": ("apps/answer",), "Apps": ("apps",), "Class": ("class",), "Collected": ("class/collect",),
}  # fmt: skip
ANSWERS: Mapping[str, str] = {one: schema for schema, operations in _OPERATIONS.items() for one in operations}
"""Operation → the name of what it answers."""


def answer_of(operation: str) -> Schema:
    """Where it is written."""
    return ref(ANSWERS[operation])
