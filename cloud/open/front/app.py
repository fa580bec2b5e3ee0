"""HTTPS for programs of third parties, passed on to the accounts service, and webhooks on their way.

`READY open https://…` when it serves. Bounds: a request has BODY_MAX octets and BODY_S to come; WAITING_MAX of them
wait for their turn, then it is `busy`; an address has a pace of its own, and a slower one when it tries keys. Where the
accounts service is away, so is this: what was asked may have been done, and is asked again under its Idempotency-Key.
"""

import argparse
import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from cloud.open.front.door import WebhookDoor
from cloud.open.front.sending import Senders
from cloud.open.line import (
    BODY_MAX,
    OPEN_PATH,
    Asked,
    Said,
    Sending,
    ask_call,
    ask_due,
    ask_told,
    due_of,
    refusal,
    said_of,
    state_of,
)
from cloud.open.problems import AWAY, BUSY, MALFORMED, TOO_LONG, TOO_SLOW, CallRefused, quota
from cloud.open.webhooks.addresses import target_of
from cloud.process.bodies import Receive, Refused, Scope, Send, whole_body
from cloud.process.https_part import HttpsPart, run
from cloud.process.serving import HttpsServer
from cloud.wallet.front.accounts import CA_FILE, AccountsLine, line_of
from cloud.wallet.front.doorkeeper import Doorkeeper, Pace
from shared.errors import ConfigFault, LinkFault
from shared.keys.front_token import OPEN
from shared.words.voice import Text

CALLS, STRANGERS = Pace(1_200, 50.0), Pace(60, 0.5)
"""Of one address: all calls, and those without a key that counts."""
WAITING_MAX = 256
TURN_S = 0.5
"""What is due is asked for so often."""
CERTIFICATE, KEY = "open.pem", "open.key"
"""In DATA/open, where no others are given."""
_BODIES = {Refused.GONE: MALFORMED, Refused.TOO_SLOW: TOO_SLOW, Refused.TOO_LONG: TOO_LONG}
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counts:
    """Since the start; the numbers of STATUS. told, untold, dead: tries of webhooks."""

    asked: int = 0
    refused: int = 0
    nobody: int = 0
    slowed: int = 0
    away: int = 0
    told: int = 0
    untold: int = 0
    dead: int = 0


async def serve(given: argparse.Namespace) -> None:
    """Until told to end. ConfigFault."""
    folder = given.data / OPEN.folder
    pair = _pair(given, folder)
    front = Front(line_of(given.accounts, folder, OPEN_PATH), folder / CA_FILE)
    server = HttpsServer(front, given.host, given.port, *pair)
    part = HttpsPart(
        "open", lambda: asdict(front.counts), beside=(partial(_turns, front),), waits=lambda: front.waits
    )  # fmt: skip
    await run(server, part, given)
    await front.end()


def _pair(given: argparse.Namespace, folder: Path) -> tuple[Path, Path]:
    """Certificate and key. ConfigFault: one of the two alone, or none at all."""
    if (given.certificate is None) != (given.key is None):
        raise ConfigFault(Text("--certificate 与 --key 同用", "--certificate and --key go together"))
    if given.certificate is not None:
        return given.certificate, given.key
    if not (folder / CERTIFICATE).exists():
        raise ConfigFault(
            Text(
                f"没有 {folder / CERTIFICATE}：./ykt provision certificate open",
                f"there is no {folder / CERTIFICATE}: ./ykt provision certificate open",
            )
        )
    return folder / CERTIFICATE, folder / KEY


async def _turns(front: "Front", stop: asyncio.Event) -> None:
    while not stop.is_set():
        await front.turn()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), TURN_S)


class Front:
    """The ASGI application."""

    def __init__(self, line: AccountsLine, ca: Path) -> None:
        self._line = line
        self._calls, self._strangers = Doorkeeper(CALLS), Doorkeeper(STRANGERS)
        self._waiting = 0
        self._door = WebhookDoor(ca)
        self._senders = Senders(self._post, self._note)
        self.counts = Counts()
        self._missed: str | None = ""
        """Why the last turn had no answer; None: it had one, '': there was none yet."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _say(send, await self._answered(scope, receive))

    @property
    def waits(self) -> tuple[str, ...]:
        """For whom it waits: the accounts service, unless it has answered the last turn."""
        return () if self._missed is None else ("accounts",)

    async def turn(self) -> None:
        """What is due goes on its way; where the accounts service is away, it waits there. Why is said once, until it
        answers again."""
        try:
            due = due_of(await self._line.ask(ask_due(self._senders.on_way)))
        except (CallRefused, LinkFault) as fault:
            self._miss(str(fault) if isinstance(fault, LinkFault) else "accounts: no answer of ours")
            return
        self._missed = None
        for one in due:
            self._senders.send(one)

    def _miss(self, why: str) -> None:
        if why != self._missed:
            self._missed = why
            log.warning("%s", why)

    async def end(self) -> None:
        """Let everything go."""
        await self._senders.end()
        self._door.close()
        self._line.close()

    async def _answered(self, scope: Scope, receive: Receive) -> Said:
        self.counts.asked += 1
        address = scope["client"][0]
        if wait_s := self._calls.wait_s(address, time.monotonic()):
            self.counts.slowed += 1
            return refusal(quota(int(wait_s) + 1))
        body = await whole_body(receive, BODY_MAX)
        if isinstance(body, Refused):
            return refusal(_BODIES[body])
        if self._waiting >= WAITING_MAX:
            return refusal(BUSY)
        said = await self._passed_on(_asked(scope, body))
        self.counts.refused += said.status >= 400
        self.counts.nobody += said.status == 401
        if said.status == 401 and (wait_s := self._strangers.wait_s(address, time.monotonic())):
            return refusal(quota(int(wait_s) + 1))
        return said

    async def _passed_on(self, asked: Asked) -> Said:
        self._waiting += 1
        try:
            return said_of(await self._line.ask(ask_call(asked)))
        except CallRefused as refused:
            return refusal(refused.problem)
        except LinkFault:
            self.counts.away += 1
            return refusal(AWAY)
        finally:
            self._waiting -= 1

    async def _post(self, one: Sending) -> tuple[int, str]:
        return await self._door.post(target_of(one.url), one.headers, one.body, one.allowed)

    async def _note(self, one: Sending, status: int, fault: str) -> bool:
        try:
            state = state_of(await self._line.ask(ask_told(one.delivery, status, fault)))
        except (CallRefused, LinkFault) as missed:  # it goes again: a receiver hears it twice rather than never
            log.warning("webhook: %s", type(missed).__name__)
            return False
        self.counts.told += state == "heard"
        self.counts.dead += state == "dead"
        self.counts.untold += state == "waits"
        return True


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def _asked(scope: Scope, body: bytes) -> Asked:
    fields = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    return Asked(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), fields, body)


async def _say(send: Send, said: Said) -> None:
    fields = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in said.headers]
    fields += [(b"cache-control", b"no-store"), (b"content-length", b"%d" % len(said.body))]
    fields += [(b"connection", b"close")] if said.status in (408, 413) else []
    await send({"type": "http.response.start", "status": said.status, "headers": fields})
    await send({"type": "http.response.body", "body": said.body})
