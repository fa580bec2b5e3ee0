"""Composition root of the open platform: HTTPS for programs of third parties, one ledger thread, webhooks on their way.

`READY open https://…` when it serves. Bounds: a request has BODY_MAX octets and BODY_S to come; WAITING_MAX of them
wait for their turn, then it is `busy`; an address has a pace of its own, and a slower one when it tries keys.
`./ykt cloud open app|order|webhook|host|document …` are commands beside it (commands/).
"""

import argparse
import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeVar

from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import Now
from cloud.open.answers import BODY_MAX, Answers, Asked, Said, encoded, refusal
from cloud.open.commands.command_line import parser
from cloud.open.documents.openapi import document
from cloud.open.problems import BUSY, MALFORMED, TOO_LONG, TOO_SLOW, quota
from cloud.open.route import Site
from cloud.open.sandbox.books import open_sandbox
from cloud.open.site import end_orders, open_site, sendings, take_events
from cloud.open.store.deliveries import Delivery, Standing, told
from cloud.open.store.feed import forget
from cloud.open.store.schema import open_store
from cloud.open.table import ROUTES
from cloud.open.webhooks.addresses import target_of
from cloud.open.webhooks.door import WebhookDoor
from cloud.open.webhooks.key_file import signing_key
from cloud.open.webhooks.sending import Senders, Sending
from cloud.process.bodies import Receive, Refused, Scope, Send, whole_body
from cloud.process.https_part import HttpsPart, run
from cloud.process.serving import HttpsServer
from cloud.process.settings import FOLDER, CloudSettings, load_settings
from cloud.store.db import open_database
from cloud.wallet.front.doorkeeper import Doorkeeper, Pace
from cloud.wallet.people.schema import FILE as PEOPLE
from cloud.wallet.people.schema import make_tables
from shared.clocks.campus_clock import CampusClock, parse_clock
from shared.errors import ConfigFault, StoreFault
from shared.support.watchdog import Errand
from shared.words.voice import Text

CALLS, STRANGERS = Pace(1_200, 50.0), Pace(60, 0.5)
"""Of one address: all calls, and those without a key that counts."""
WAITING_MAX = 256
TURN_S = 0.5
"""What happened is looked for so often, and what waits is sent."""
TIDY_S = 3_600.0
_Done = TypeVar("_Done")
_BODIES = {Refused.GONE: MALFORMED, Refused.TOO_SLOW: TOO_SLOW, Refused.TOO_LONG: TOO_LONG}
log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end; or one command."""
    given = parser().parse_args(arguments)
    if given.run is not None:
        code: int = given.run(given)
        return code
    if given.port is None:
        raise ConfigFault(Text("缺少 --port", "--port is missing"))
    asyncio.run(_serve(given))
    return 0


async def _serve(given: argparse.Namespace) -> None:
    settings = load_settings(given.data)
    platform = Platform(settings, settings.books(given.dsn), parse_clock(given.clock))
    server = HttpsServer(platform, given.host, given.port, *_pair(given, settings))
    beside = (partial(_turn, platform),)
    part = HttpsPart(
        "open", lambda: asdict(platform.answers.counts), lambda: {"ledger": platform.asked.moved()}, beside
    )  # fmt: skip
    await run(server, part, given)
    await platform.end()


def _pair(given: argparse.Namespace, settings: CloudSettings) -> tuple[Path, Path]:
    """Certificate and key. ConfigFault: one of the two alone."""
    if (given.certificate is None) != (given.key is None):
        raise ConfigFault(Text("--certificate 与 --key 同用", "--certificate and --key go together"))
    return (given.certificate, given.key) if given.certificate is not None else settings.open_pair


async def _turn(platform: "Platform", stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await platform.turn()
        except StoreFault as fault:
            log.warning("turn: %s", type(fault).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), TURN_S)


class Platform:
    """The ASGI application."""

    def __init__(self, settings: CloudSettings, dsn: str, clock: CampusClock) -> None:
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._calls, self._strangers = Doorkeeper(CALLS), Doorkeeper(STRANGERS)
        self._waiting = 0
        self._tidy_s = 0.0
        self._door = WebhookDoor(settings.tls.ca)
        self._senders = Senders(self._post, self._note)
        self.asked = Errand()
        self._site = self._thread.submit(self._open, settings, dsn).result()
        self.answers = Answers(self._site, ROUTES, encoded(document(ROUTES)))

    def _open(self, settings: CloudSettings, dsn: str) -> Site:
        people = open_database(str(settings.data / FOLDER / PEOPLE))
        make_tables(people)
        sandbox = open_sandbox(settings.data, self._now())
        signer, now_ms = signing_key(settings.data), self._now().unix_ms
        return open_site(open_store(settings.data), people, open_prepared(dsn), sandbox, signer, now_ms)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await _say(send, await self._answered(scope, receive))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def end(self) -> None:
        """Let everything go."""
        await self._senders.end()
        await self._done(self._close)
        self._thread.shutdown()
        self._door.close()

    def _close(self) -> None:
        self.answers.lay_down()
        for one in (self._site.store, self._site.people, self._site.live.ledger, self._site.sandbox.ledger):
            one.close()

    async def _answered(self, scope: Scope, receive: Receive) -> Said:
        address = scope["client"][0]
        if wait_s := self._calls.wait_s(address, time.monotonic()):
            self.answers.counts.slowed += 1
            return refusal(quota(int(wait_s) + 1))
        body = await whole_body(receive, BODY_MAX)
        if isinstance(body, Refused):
            return refusal(_BODIES[body])
        if self._waiting >= WAITING_MAX:
            return refusal(BUSY)
        self._waiting += 1
        try:
            said = await self._done(lambda: self.answers.answer(_asked(scope, body), self._now()))
        finally:
            self._waiting -= 1
        if said.status == 401 and (wait_s := self._strangers.wait_s(address, time.monotonic())):
            return refusal(quota(int(wait_s) + 1))
        return said

    async def _done(self, act: Callable[[], _Done]) -> _Done:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._errand, act)

    def _errand(self, act: Callable[[], _Done]) -> _Done:
        with self.asked:
            return act()

    async def turn(self) -> None:
        """What happened is laid down, and what waits is on its way."""
        for one in await self._done(self._turned):
            self._senders.send(one)

    def _turned(self) -> list[Sending]:
        now, site = self._now(), self._site
        site.sandbox.orders.expire(now)
        end_orders(site, now)
        self.answers.counts.events += take_events(site, now.unix_ms)
        self.answers.lay_down()
        self._tidied(now)
        return sendings(site, self._senders.on_way, now.unix_ms)

    def _tidied(self, now: Now) -> None:
        if time.monotonic() >= self._tidy_s:
            self._tidy_s = time.monotonic() + TIDY_S
            with self._site.store.writing():
                forget(self._site.store, now.unix_ms)

    async def _post(self, one: Sending) -> tuple[int, str]:
        return await self._door.post(target_of(one.url), one.headers, one.body, one.allowed)

    async def _note(self, one: Delivery, status: int, fault: str) -> None:
        try:
            await self._done(lambda: self._noted(one, status, fault))
        except StoreFault as missed:  # it goes again: a receiver hears it twice rather than never
            log.warning("webhook: %s", type(missed).__name__)

    def _noted(self, one: Delivery, status: int, fault: str) -> None:
        store, now_ms, counts = self._site.store, self._now().unix_ms, self.answers.counts
        with store.writing():
            after = told(store, one, status, fault, now_ms)
        counts.told += after.state == Standing.HEARD
        counts.dead += after.state == Standing.DEAD
        counts.untold += after.state == Standing.WAITS

    def _now(self) -> Now:
        unix_s = time.time()
        return Now(int(unix_s * 1000), self._clock.at(unix_s))


def _asked(scope: Scope, body: bytes) -> Asked:
    fields = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    return Asked(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), fields, body)


async def _say(send: Send, said: Said) -> None:
    fields = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in said.headers]
    fields += [(b"cache-control", b"no-store"), (b"content-length", b"%d" % len(said.body))]
    fields += [(b"connection", b"close")] if said.status in (408, 413) else []
    await send({"type": "http.response.start", "status": said.status, "headers": fields})
    await send({"type": "http.response.body", "body": said.body})
