"""What happened to this application's payments, by cursor; and its webhook: set, looked at, tried, told again."""

import json
from typing import Any

from cloud.open.problems import NONE, CallRefused, Problem
from cloud.open.route import PAGED, Context, Reply, Route, page_of, paged
from cloud.open.store.deliveries import Delivery, again, dead_of, hook_of, next_of, set_hook
from cloud.open.store.feed import TESTED, event_of, events_of, keep
from cloud.open.webhooks.addresses import URL, URL_MAX, AddressRefused, target_of
from cloud.open.webhooks.signing import public_of, published
from cloud.wallet.line.shapes import Arguments, Kind
from shared.words.voice import Text

NO_HOOK = Problem(409, "no-webhook", Text("未设回调地址", "there is no webhook"))


def events(context: Context, given: Arguments) -> Reply:
    """Oldest first."""
    after, most = page_of(context, "events", given)
    with context.site.store.reading():
        rows = events_of(context.site.store, context.app.id, after, most + 1)
    items = [json.loads(row.body) for row in rows[:most]]
    return paged(context, "events", items, rows[:most][-1].id if rows else after, more=len(rows) > most)


def webhook(context: Context, _: Arguments) -> Reply:
    """As it is set, and how the next delivery stands."""
    with context.site.store.reading():
        return Reply(_hook(context))


def set_webhook(context: Context, given: Arguments) -> Reply:
    """What happens from now on is told there."""
    return _set(context, given["url"])


def remove_webhook(context: Context, _: Arguments) -> Reply:
    """Nothing is told any more."""
    return _set(context, "")


def try_webhook(context: Context, _: Arguments) -> Reply:
    """An event of no meaning, behind those that wait."""
    store, now_ms = context.site.store, context.now.unix_ms
    told = {"type": TESTED, "at_ms": now_ms, "order": "", "payment": "", "fen": 0, "reason": ""}
    with store.writing():
        if not hook_of(store, context.app.id):
            raise CallRefused(NO_HOOK)
        number = keep(store, context.app.id, now_ms, told, context.site.secret, now_ms)
    return Reply({"event": context.shut("event", number)}, 202)


def dead(context: Context, given: Arguments) -> Reply:
    """Given up, oldest first."""
    after, most = page_of(context, "dead", given)
    with context.site.store.reading():
        rows = dead_of(context.site.store, context.app.id, after, most + 1)
    items = [_seen(context, row) for row in rows[:most]]
    return paged(context, "dead", items, rows[:most][-1].event if rows else after, more=len(rows) > most)


def replay(context: Context, given: Arguments) -> Reply:
    """Tell it once more, from its first try on."""
    number, store = context.opened("event", given["event"]), context.site.store
    with store.writing():
        found = event_of(store, number)
        if found is None or found.app != context.app.id:
            raise CallRefused(NONE)
        if not again(store, context.app.id, number, context.now.unix_ms):
            raise CallRefused(NO_HOOK)
    return Reply({"event": given["event"]}, 202)


def webhook_keys(context: Context, _: Arguments) -> Reply:
    """By which a receiver verifies."""
    return Reply({"keys": [published(public_of(context.site.signer))]})


def _set(context: Context, url: str) -> Reply:
    with context.site.store.writing():
        set_hook(context.site.store, context.app.id, url, context.now.unix_ms)
        return Reply(_hook(context))


def _hook(context: Context) -> dict[str, Any]:
    """Inside of a transaction."""
    store, app = context.site.store, context.app.id
    waits, one = next_of(store, app)
    seen = {name: getattr(one, name, 0) for name in ("tries", "status", "next_ms")}
    return {"url": hook_of(store, app), "waits": waits, "fault": one.fault if one else "", **seen}


def _seen(context: Context, row: Delivery) -> dict[str, Any]:
    return {
        "event": context.shut("event", row.event), "tries": row.tries, "status": row.status, "fault": row.fault,
        "at_ms": row.changed_ms,
    }  # fmt: skip


def _is_target(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(target_of(value))
    except AddressRefused:
        return False


_ADDRESS = Kind(
    "https", _is_target, schema={"type": "string", "maxLength": URL_MAX, "pattern": f"^{URL}$"}
)  # fmt: skip
ROUTES = (
    Route(
        "listEvents", "GET", "/v1/events", "events",
        Text("发生在本应用付款上的事，按先后", "what happened to this application's payments, in order"),
        "Events", events, query=PAGED,
    ),
    Route(
        "getWebhook", "GET", "/v1/webhook", "events",
        Text("回调地址，及下一条送达的状况", "where events are told, and how the next delivery stands"), "Webhook",
        webhook,
    ),
    Route(
        "setWebhook", "PUT", "/v1/webhook", "events", Text("设回调地址", "tell events there from now on"), "Webhook",
        set_webhook, body={"url": _ADDRESS},
    ),
    Route(
        "removeWebhook", "DELETE", "/v1/webhook", "events", Text("不再回调", "tell events nowhere"), "Webhook",
        remove_webhook,
    ),
    Route(
        "testWebhook", "POST", "/v1/webhook/test", "events", Text("发一次试验回调", "send an event of no meaning"),
        "Queued", try_webhook, status=202, refusals=(NO_HOOK,),
    ),
    Route(
        "listDead", "GET", "/v1/webhook/dead", "events", Text("放弃的回调", "what was given up"), "DeadEvents", dead,
        query=PAGED,
    ),
    Route(
        "replayEvent", "POST", "/v1/events/{event}/replay", "events", Text("重发", "tell it once more"), "Queued",
        replay, status=202, refusals=(NO_HOOK,),
    ),
    Route(
        "listWebhookKeys", "GET", "/v1/webhook-keys", "", Text("验签公钥", "public keys of webhooks"), "WebhookKeys",
        webhook_keys,
    ),
)  # fmt: skip
