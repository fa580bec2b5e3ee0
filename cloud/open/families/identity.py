"""Who somebody is, by his own word 身份: asked for by an application, agreed to in the wallet, read as far as agreed.

`subject` names a holder to one application alone: two that compare theirs learn nothing. By a code that he shows:
codes.py.
"""

import hashlib
import hmac
import json
import secrets
from typing import Any

from cloud.open.problems import NONE, REUSED, CallRefused, Problem
from cloud.open.route import Context, Reply, Route
from cloud.wallet.claims import (
    ASK_MS,
    ASKS_OPEN_MAX,
    CLAIMS,
    WHY_MAX,
    Ask,
    AskState,
    ask_by_id,
    ask_under,
    keep_ask,
    open_asks,
)
from cloud.wallet.line.shapes import Arguments, Kind, text
from shared.words.voice import Text

TOO_MANY = Problem(409, "asks-open", Text("未答复的请求太多", "too many asks are open"))
STATES = {
    AskState.OPEN: "open", AskState.AGREED: "agreed", AskState.DECLINED: "declined", AskState.WITHDRAWN: "withdrawn",
}  # fmt: skip
OVER = "over"
SUBJECT_ALONE = ""
"""Claims of who is asked for nothing but his subject."""


def ask(context: Context, given: Arguments) -> Reply:
    """As it was made, whatever has become of it since."""
    app, now_ms, people = context.app, context.now.unix_ms, context.site.people
    claims = ",".join(name for name in CLAIMS if name in given["claims"])
    wanted = Ask(
        0, secrets.token_bytes(16), app.id, context.key, app.name, app.merchant, claims, given["why"],
        int(app.is_sandbox), int(AskState.OPEN), "", "", now_ms, now_ms + ASK_MS, 0,
    )  # fmt: skip
    with people.writing():
        kept = ask_under(people, app.id, context.key)
        if kept is None:
            if open_asks(people, app.id, now_ms) >= ASKS_OPEN_MAX:
                raise CallRefused(TOO_MANY)
            kept = keep_ask(people, wanted)
    if (kept.claims, kept.why) != (claims, given["why"]):
        raise CallRefused(REUSED)
    fresh = kept._replace(state=int(AskState.OPEN), holder="", told="")
    return Reply(seen(context, fresh, kept.made_ms), 201)


def look(context: Context, given: Arguments) -> Reply:
    """What was said to it."""
    number = context.opened("ask", given["ask"])
    with context.site.people.reading():
        found = ask_by_id(context.site.people, number)
    if found is None or found.app != context.app.id:
        raise CallRefused(NONE)
    return Reply(seen(context, found, context.now.unix_ms))


def subject(context: Context, holder: str) -> str:
    """Of a holder, to this application."""
    return hmac.new(context.site.secret, f"{context.app.id} {holder}".encode(), hashlib.sha256).hexdigest()[:32]


def seen(context: Context, found: Ask, now_ms: int) -> dict[str, Any]:
    """As its application sees it."""
    state = STATES[AskState(found.state)]
    if state == "open" and not found.is_open(now_ms):
        state = OVER
    is_told = found.state == AskState.AGREED
    return {
        "ask": context.shut("ask", found.id), "token": found.token.hex(), "state": state, "why": found.why,
        "asked": list(found.names), "expires_ms": found.until_ms,
        "subject": subject(context, found.holder) if is_told else "",
        "claims": json.loads(found.told) if is_told else {},
    }  # fmt: skip


def _are_claims(value: object) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= len(CLAIMS)
        and all(isinstance(one, str) and one in CLAIMS for one in value)
        and len(set(value)) == len(value)
    )


_CLAIMS = Kind(
    "claims", _are_claims,
    schema={"type": "array", "items": {"type": "string", "enum": list(CLAIMS)}, "minItems": 1, "uniqueItems": True},
)  # fmt: skip
ROUTES = (
    Route(
        "createAsk", "POST", "/v1/identity/asks", "identity",
        Text("请持有人在钱包里同意", "ask a holder, who answers in his wallet"), "Ask", ask,
        body={"claims": _CLAIMS, "why": text(WHY_MAX)}, keyed=True, status=201, refusals=(TOO_MANY, REUSED),
    ),
    Route(
        "getAsk", "GET", "/v1/identity/asks/{ask}", "identity", Text("持有人的答复", "what he has said"), "Ask", look,
    ),
)  # fmt: skip
