"""The accounts service: HTTPS for the wallet's front, one ledger thread, a pool for hashes; beside it a neighbour, who
answers another front at another path. Its composition root puts the two together (cloud/open/back/accounts.py).

`READY accounts https://… [link:TOKEN]` when it serves; the link is a demonstration's, good once, and told to a launcher
alone: a container's output is a log.
Bounds: a request has ASK_MAX bytes and BODY_S to come; HASHES at once, and HASHES_WAIT more may wait for their turn;
OUTWARD_MAX ask the campus' sign-on.
"""

import argparse
import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Protocol

from cloud.ledger.records.values import Now
from cloud.process.bodies import Receive, Refused, Scope, Send, bearer_of, refuse, whole_body
from cloud.process.https_part import HttpsPart, run
from cloud.process.serving import HttpsServer
from cloud.process.settings import FOLDER, CloudSettings, load_settings
from cloud.wallet.back.answers import Answers
from cloud.wallet.back.context import Later, Site
from cloud.wallet.back.front_token import front_digest
from cloud.wallet.back.holder.erasure import waits
from cloud.wallet.back.losses.nights import take_nights
from cloud.wallet.back.money.offline import end_signed_out
from cloud.wallet.back.opening import NOWHERE, Outward, demonstration_link, open_site
from cloud.wallet.back.sms import TURN_S, door_of, sent
from cloud.wallet.back.table import OPERATIONS
from cloud.wallet.line.calls import ASK_MAX, WALLET_PATH, Answer, encode_answer
from cloud.wallet.line.problems import BUSY
from cloud.wallet.people.codes import Sms, note_sent, unsent
from cloud.wallet.people.records.erasures import erase_due
from cloud.wallet.settings import is_origin
from cloud.watch.notify.doors_file import close_doors
from cloud.watch.notify.terms import Channel
from shared.clocks.campus_clock import CampusClock, parse_clock
from shared.errors import StoreFault
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.endpoint import listening_port
from shared.input.health_port import add_health
from shared.keys.front_token import is_front
from shared.support.watchdog import Errand
from shared.words.voice import Text

HASHES = max(2, (os.cpu_count() or 2) // 2)
HASHES_WAIT = 64
OUTWARD, OUTWARD_MAX = 4, 32
"""Questions to the campus' sign-on: so many at once, and so many in all; each ends within seconds."""
NIGHT_S = 0.5
"""Reports from anybody's phone are looked at so often."""
log = logging.getLogger(__name__)


class Neighbour(Protocol):
    """Who answers another front beside the wallet's: on a thread of his own, so that neither waits for the other."""

    name: str
    path: str
    ask_max: int
    asked: Errand

    def admits(self, token: str) -> bool:
        """Is this his front?"""

    async def answered(self, body: bytes) -> bytes | int:
        """The answer, or the status of a refusal."""

    async def turns(self, stop: asyncio.Event) -> None:
        """What goes on beside calls, until the end."""

    def figures(self) -> dict[str, int]:
        """Of STATUS."""

    async def end(self) -> None:
        """Let everything go."""


Beside = Callable[[CloudSettings, str, CampusClock], Neighbour]


def main(arguments: Sequence[str], beside: Beside) -> int:
    """Serve until told to end."""
    behind = Text("账户服务：钱包之后", "the accounts behind the wallet")
    parser = Parser(prog="./ykt cloud accounts", description=behind)
    add_data(parser)
    ledger = Text("账本；缺省依数据目录", "the ledger; the data folder's if not given")
    parser.add_argument("--dsn", metavar="DSN", help=ledger)
    parser.add_argument("--port", type=listening_port, required=True, help=Text("监听端口", "port to listen at"))
    parser.add_argument(
        "--host", default="127.0.0.1", help=Text("监听地址，缺省 127.0.0.1", "address to listen at (127.0.0.1)")
    )
    keys = Text("密钥进程的钱包接口；缺省不签发手机凭证", "the key process's socket for the wallet; none: no phones")
    parser.add_argument("--keys", type=Path, metavar="SOCKET", help=keys)
    seen = Text(
        "手机所见的钱包网址，通行密钥只认它；缺省依 wallet.toml", "the wallet as phones see it, for passkeys"
    )
    own = Text("证书，PEM；缺省同集控平台", "certificate, PEM (the console's)")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help=own)
    parser.add_argument("--key", type=Path, metavar="FILE", help=Text("其私钥，PEM", "its key, PEM"))
    parser.add_argument("--address", type=_origin, metavar="https://HOST[:PORT]", help=seen)
    parser.add_argument(
        "--clock", metavar="T0:REAL0:SPEED", help=Text("回放用的校园时钟", "the campus clock of a replay")
    )
    parser.add_argument(
        "--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when standard input closes")
    )
    add_health(parser)
    asyncio.run(_serve(parser.parse_args(arguments), beside))
    return 0


def _origin(text: str) -> str:
    """A type of argparse, so ValueError for what is none."""
    if not is_origin(text):
        raise ValueError(text)
    return text


async def _serve(given: argparse.Namespace, with_: Beside) -> None:
    settings, clock = load_settings(given.data), parse_clock(given.clock)
    outward = Outward(given.address or "", given.keys)
    dsn = settings.books(given.dsn)
    neighbour = with_(settings, dsn, clock)
    accounts = Accounts(settings, dsn, clock, outward, neighbour)
    certificate, key = given.certificate or settings.console_certificate, given.key or settings.console_key
    server = HttpsServer(accounts, given.host, given.port, certificate, key)
    link = f" link:{accounts.link}" if accounts.link and given.end_with_stdin else ""
    beside = (
        partial(_send_codes, accounts, settings.data / FOLDER), partial(_take_nights, accounts), neighbour.turns
    )  # fmt: skip
    part = HttpsPart(
        "accounts", lambda: asdict(accounts.answers.counts) | neighbour.figures(),
        lambda: {"ledger": accounts.asked.moved(), neighbour.name: neighbour.asked.moved()}, beside, link,
    )  # fmt: skip
    await run(server, part, given)
    await neighbour.end()


async def _send_codes(accounts: "Accounts", folder: Path, stop: asyncio.Event) -> None:
    """Until the end; the way is read when something waits, so that a changed file counts from the next turn on."""
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), TURN_S)
        if not stop.is_set():
            await accounts.end_signed_out()
            await accounts.send_codes(folder)


async def _take_nights(accounts: "Accounts", stop: asyncio.Event) -> None:
    """Until the end: what was reported from anybody's phone, at beats of its own and not when it comes."""
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), NIGHT_S)
        if not stop.is_set():
            await accounts.take_nights()


class Accounts:
    """The ASGI application: POST WALLET_PATH by the wallet's front, the neighbour's path by his, and nothing else."""

    def __init__(
        self, settings: CloudSettings, dsn: str, clock: CampusClock, outward: Outward = NOWHERE,
        neighbour: Neighbour | None = None,
    ) -> None:  # fmt: skip
        self._clock, self._neighbour = clock, neighbour
        self._digest = front_digest(settings.data)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._hashes = ThreadPoolExecutor(HASHES, thread_name_prefix="hash")
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="sms")
        self._outward = ThreadPoolExecutor(OUTWARD, thread_name_prefix="outward")
        self._waiting = {self._hashes: 0, self._outward: 0}
        self.asked = Errand()
        self._site, self.link = self._thread.submit(self._open, settings, dsn, outward).result()
        self.answers = Answers(self._site, OPERATIONS)

    def _open(self, settings: CloudSettings, dsn: str, outward: Outward) -> tuple[Site, str]:
        site = open_site(settings, dsn, self._now(), outward)
        return site, demonstration_link(site, self._now())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            answer = await self._answered(scope, receive)
            await (refuse(send, answer) if isinstance(answer, int) else _say(send, answer))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._hashes.shutdown()
        self._outward.shutdown(cancel_futures=True)
        self._sender.shutdown()
        self._thread.shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    def _close(self) -> None:
        self._site.ledger.close()
        self._site.people.close()
        if self._site.phones is not None:
            self._site.phones.close()

    async def _answered(self, scope: Scope, receive: Receive) -> bytes | int:
        """The answer, or the status of a refusal."""
        beside = self._neighbour
        if scope["method"] != "POST":
            return 404
        if scope["path"] == WALLET_PATH:
            is_known, most = is_front(self._digest, bearer_of(scope)), ASK_MAX
        elif beside is not None and scope["path"] == beside.path:
            is_known, most = beside.admits(bearer_of(scope)), beside.ask_max
        else:
            return 404
        if not is_known:
            return 401
        body = await whole_body(receive, most)
        if isinstance(body, Refused):
            return body
        if beside is not None and scope["path"] == beside.path:
            return await beside.answered(body)
        return encode_answer(await self._answer(body))

    async def _answer(self, body: bytes) -> Answer:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._thread, self._begin, body)
        while isinstance(found, Later):
            threads, most = (self._outward, OUTWARD_MAX) if found.outward else (self._hashes, HASHES + HASHES_WAIT)
            if self._waiting[threads] >= most:
                return Answer(problem=BUSY)
            self._waiting[threads] += 1
            try:
                made = await loop.run_in_executor(threads, found.work)
            finally:
                self._waiting[threads] -= 1
            found = await loop.run_in_executor(self._thread, self._go_on, found, made)
        return found

    async def end_signed_out(self) -> None:
        """One turn: what a session ended without an operation of its own, or a fall in between, is made good."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._end_signed_out)
        except StoreFault as fault:
            log.warning("offline codes: %s", type(fault).__name__)

    def _end_signed_out(self) -> None:
        with self.asked:
            end_signed_out(self._site, self._now())

    async def send_codes(self, folder: Path) -> None:
        """One turn, in which what is to be erased by now goes, too. A file that is away is looked at again."""
        loop = asyncio.get_running_loop()
        try:
            waiting = await loop.run_in_executor(self._thread, self._waiting_sms)
            if waiting:
                done = await loop.run_in_executor(self._sender, _send, folder, waiting, self._now().unix_ms)
                await loop.run_in_executor(self._thread, self._note_sms, done)
        except StoreFault as fault:
            log.warning("sms: %s", type(fault).__name__)

    async def take_nights(self) -> None:
        """One turn. Where a file or the ledger is away, they wait."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._look_at_nights)
        except StoreFault as fault:
            log.warning("reports: %s", type(fault).__name__)

    def _look_at_nights(self) -> None:
        with self.asked:
            take_nights(self._site, self._now())

    def _waiting_sms(self) -> list[Sms]:
        with self.asked, self._site.people.writing():
            erase_due(self._site.people, self._now().unix_ms, partial(waits, self._site))
            return unsent(self._site.people, self._now().unix_ms)

    def _note_sms(self, done: list[int]) -> None:
        with self.asked, self._site.people.writing():
            for number in done:
                note_sent(self._site.people, number)

    def _begin(self, body: bytes) -> Answer | Later:
        with self.asked:
            return self.answers.begin(body, self._now())

    def _go_on(self, later: Later, made: object) -> Answer | Later:
        with self.asked:
            return self.answers.go_on(later, made)

    def _now(self) -> Now:
        unix_s = time.time()
        return Now(int(unix_s * 1000), self._clock.at(unix_s))


def _send(folder: Path, waiting: list[Sms], now_ms: int) -> list[int]:
    door = door_of(folder)
    if door is None:
        return []
    try:
        return sent(door, waiting, now_ms)
    finally:
        close_doors({Channel.SMS: door})


_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


async def _say(send: Send, answer: bytes) -> None:
    headers = [*_HEADERS, (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
