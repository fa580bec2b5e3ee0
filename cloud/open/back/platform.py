"""The open platform behind its front: store, people and both ledgers, on one thread of their own.

Nothing of it is opened before its front asks for the first time: where the school has none, there are no such files.
Bounds: WAITING_MAX questions wait for their turn, then it is `busy`; a front that asks what is due asks again.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict
from typing import Any, TypeVar

from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import Now
from cloud.open.back.answers import Answers
from cloud.open.back.site import end_orders, open_site, sendings, take_events
from cloud.open.documents.openapi import document
from cloud.open.line import (
    ASK_MAX,
    CALL,
    DUE,
    OPEN_PATH,
    TOLD,
    call_of,
    due_raw,
    encoded,
    is_call,
    on_way_of,
    refusal,
    said_raw,
    state_raw,
    told_of,
    unframed,
)
from cloud.open.problems import BUSY, MALFORMED, CallRefused
from cloud.open.route import Site
from cloud.open.sandbox.books import open_sandbox
from cloud.open.store.deliveries import Delivery, Standing, told
from cloud.open.store.feed import forget
from cloud.open.store.schema import open_store
from cloud.open.table import ROUTES
from cloud.open.webhooks.key_file import signing_key
from cloud.process.settings import CloudSettings
from cloud.wallet.back.front_token import deal, is_its
from cloud.wallet.back.opening import open_people
from shared.clocks.campus_clock import CampusClock
from shared.errors import ConfigFault, YktError
from shared.keys.front_token import OPEN
from shared.support.watchdog import Errand

WAITING_MAX = 256
TURN_S = 0.5
"""What happened is looked for so often."""
TIDY_S = 3_600.0
_Done = TypeVar("_Done")
_FAULTS = (YktError, OSError, ValueError)
"""Of files and stores: told once, until a turn succeeds."""
log = logging.getLogger(__name__)


class Platform:
    """Beside the wallet in the accounts service (cloud.wallet.back.app.Neighbour)."""

    name, path, ask_max = "open", OPEN_PATH, ASK_MAX

    def __init__(self, settings: CloudSettings, dsn: str, clock: CampusClock) -> None:
        self._settings, self._dsn, self._clock = settings, dsn, clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="open")
        self._waiting = 0
        self._tidy_s = 0.0
        self._warned = ""
        self._opened: tuple[Site, Answers] | None = None
        self._held = ExitStack()
        self._events = 0
        self.asked = Errand()
        with suppress(OSError, ValueError):  # its first turn says why; the wallet beside it goes on
            deal(settings.data, OPEN)

    def admits(self, token: str) -> bool:
        """Is this its front?"""
        return is_its(self._settings.data, OPEN, token)

    def figures(self) -> dict[str, int]:
        """Of STATUS; none before it was opened."""
        if self._opened is None:
            return {}
        counts = asdict(self._opened[1].counts) | {"events": self._events}
        return {f"open_{name}": number for name, number in counts.items()}

    async def answered(self, body: bytes) -> bytes | int:
        """The answer, or the status of a refusal. Busy is an answer to a program's call alone."""
        if self._waiting >= WAITING_MAX:
            return said_raw(refusal(BUSY)) if is_call(body) else 503
        self._waiting += 1
        try:
            return await self._done(lambda: self._said(body))
        except CallRefused:
            return 400
        except _FAULTS as fault:
            self._warn(str(fault) if isinstance(fault, ConfigFault) else type(fault).__name__)
            return 503
        finally:
            self._waiting -= 1

    def _warn(self, why: str) -> None:
        """Once, and not with each question of a front that asks twice a second."""
        if why != self._warned:
            self._warned = why
            log.warning("open: %s", why)

    def _said(self, body: bytes) -> bytes:
        head, rest = unframed(body)
        site, answers = self._open()
        if head.get("do") == CALL:
            return said_raw(answers.answer(call_of(head, rest), self._now()))
        if head.get("do") == DUE:
            return due_raw(sendings(site, on_way_of(head), self._now().unix_ms))
        if head.get("do") == TOLD:
            return state_raw(self._told(site, head))
        raise CallRefused(MALFORMED)

    def _told(self, site: Site, head: dict[str, Any]) -> str:
        delivery, status, fault = told_of(head)
        with site.store.writing():
            after = told(site.store, Delivery(*delivery), status, fault, self._now().unix_ms)
        return Standing(after.state).name.lower()

    def _open(self) -> tuple[Site, Answers]:
        """What is opened only in part is let go, and opened anew by the next call. StoreFault, ConfigFault."""
        if self._opened is None:
            data, now = self._settings.data, self._now()
            signer = signing_key(data)
            with ExitStack() as stack:
                store = stack.enter_context(closing(open_store(data)))
                people = stack.enter_context(closing(open_people(data)))
                live = stack.enter_context(closing(open_prepared(self._dsn)))
                sandbox = stack.enter_context(closing(open_sandbox(data, now)))
                site = open_site(store, people, live, sandbox, signer, now.unix_ms)
                self._opened = site, Answers(site, ROUTES, encoded(document(ROUTES)))
                self._held = stack.pop_all()
        return self._opened

    async def turns(self, stop: asyncio.Event) -> None:
        """What happened is laid down, until the end: a turn that fails is told, and done again."""
        while not stop.is_set():
            try:
                await self._done(self._turned)
            except _FAULTS as fault:
                self._warn(type(fault).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TURN_S)

    def _turned(self) -> None:
        try:
            deal(self._settings.data, OPEN)
        finally:  # a digest that cannot be read keeps its front out, and nothing else up
            self._take_turn()
        if self._opened is not None:  # else nothing was tried that could have failed
            self._warned = ""

    def _take_turn(self) -> None:
        if self._opened is None:
            return
        now, (site, answers) = self._now(), self._opened
        site.sandbox.orders.expire(now)
        end_orders(site, now)
        self._events += take_events(site, now.unix_ms)
        answers.lay_down()
        if time.monotonic() >= self._tidy_s:
            self._tidy_s = time.monotonic() + TIDY_S
            with site.store.writing():
                forget(site.store, now.unix_ms)

    async def end(self) -> None:
        """Let everything go."""
        await self._done(self._closed)
        self._thread.shutdown()

    def _closed(self) -> None:
        if self._opened is not None:
            self._opened[1].lay_down()
            self._held.close()

    async def _done(self, act: Callable[[], _Done]) -> _Done:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._errand, act)

    def _errand(self, act: Callable[[], _Done]) -> _Done:
        with self.asked:
            return act()

    def _now(self) -> Now:
        unix_s = time.time()
        return Now(int(unix_s * 1000), self._clock.at(unix_s))
