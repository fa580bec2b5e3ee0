"""Store, people and both ledgers together: how they are opened, what has happened in them, and what is to be sent."""

from collections.abc import Collection
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.open.line import Sending
from cloud.open.opaque import shut
from cloud.open.route import Books, Site
from cloud.open.store.apps import app_of, note_ended, over_now, secret_of
from cloud.open.store.deliveries import due, hook_of, hosts, set_hook
from cloud.open.store.feed import begin, event_of, take
from cloud.open.store.lapses import begin_lapses, begin_withdrawn, take_lapsed, take_withdrawn
from cloud.open.webhooks.signing import headers
from cloud.payments import doors
from cloud.store.db import Database

LIVE, SANDBOX = "live", "sandbox"
SENDINGS_MAX = 50
"""In one answer to the front, far below what an answer may have."""
NUMBERS = "numbers"
"""Name of the secret of the numbers that applications see."""


def open_site(
    store: Database, people: Database, live: OpenedLedger, sandbox: OpenedLedger, signer: Ed25519PrivateKey,
    now_ms: int,
) -> Site:  # fmt: skip
    """Over what is open and prepared. StoreFault."""
    with store.writing():
        for name, books in ((LIVE, live.database), (SANDBOX, sandbox.database)):
            begin(store, name, books)
            begin_lapses(store, name, books)
        begin_withdrawn(store, people, now_ms)
        secret = secret_of(store, NUMBERS)
    return Site(store, people, Books(live, doors.orders(live)), Books(sandbox, doors.orders(sandbox)), secret, signer)


def take_events(site: Site, now_ms: int) -> int:
    """One step of each ledger, and of what holders took back; so many events."""
    found = take_withdrawn(site.store, site.people, site.secret, now_ms)
    for name, one in ((LIVE, site.live), (SANDBOX, site.sandbox)):
        found += take(site.store, name, one.ledger.database, site.secret, now_ms)
        found += take_lapsed(site.store, name, one.ledger.database, site.secret, now_ms)
    return found


def end_orders(site: Site, now: Now) -> int:
    """Of applications that may not call any more: none of theirs is paid, and what is reserved is given back; so many.

    On the thread of the calls: whatever was called before its end is done by now, and nothing comes behind it."""
    with site.store.reading():
        found = over_now(site.store, now.unix_ms)
    done = 0
    for app in found:
        done += (site.sandbox if app.is_sandbox else site.live).orders.end_maker(app.caller, now)
        with site.store.writing():
            note_ended(site.store, app, now.unix_ms)
    return done


def sendings(site: Site, on_way: Collection[str], now_ms: int) -> list[Sending]:
    """What is due, of applications that nothing is on its way to, SENDINGS_MAX at most and the oldest first; what has
    nowhere to go, or is of an application that may not call any more, is given up."""
    with site.store.writing():
        allowed = hosts(site.store)
        found: list[Sending] = []
        for one in due(site.store, now_ms):
            if len(found) == SENDINGS_MAX:
                break  # the others at the next turn, when these are on their way
            if one.app not in on_way:
                url = hook_of(site.store, one.app)
                event = event_of(site.store, one.event)
                if not url or event is None or not app_of(site.store, one.app).is_alive(now_ms):
                    set_hook(site.store, one.app, "", now_ms)
                    continue
                body = event.body.encode()
                named = shut(site.secret, f"{one.app} event", one.event)
                told = headers(site.signer, named, now_ms // 1000, body)
                found.append(Sending(tuple(one), url, told, body, allowed & {urlsplit(url).hostname or ""}))
    return found
