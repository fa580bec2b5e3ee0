"""Composition root of the enrolment door: HTTPS on a port of its own, the signer's door socket, and no key but its own.

It reads no answer: what a box gets is sealed to that box. `READY enrol https://…` when it serves. Bounds: ASK_MAX bytes
a question, BODY_S to come, so many of one sender (bounds.py), calls as cloud/process/callers.py has them. It tells the
time without asking anybody.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from cloud.fleet.enrol.bounds import Senders
from cloud.keys.faults import KeyProcessAway
from cloud.keys.signer import SignerClient
from cloud.process.bodies import Receive, Refused, Scope, Send, refuse, whole_body
from cloud.process.callers import CallBounds
from cloud.process.health import healthy
from cloud.process.life import report, say, stop_on_signals
from cloud.process.serving import HttpsServer
from shared.errors import KeyFault, WireFault
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.endpoint import listening_port
from shared.input.health_port import add_health
from shared.support.watchdog import Duty, Watchdog
from shared.wire.enrol.messages import (
    ASK_MAX,
    PATH_CA,
    PATH_ENROL,
    PATH_TIME,
    PATHS,
    State,
    answer_of,
    time_answer,
    time_nonce,
)
from shared.wire.enrol.office import Op
from shared.words.health import Health, page_of
from shared.words.voice import Text

BOUNDS = CallBounds(in_all=128, of_address=8, ask_s=10.0)
CERTIFICATE = Path("cloud/enrol.pem")
BUSY = 429
AWAY = 503
RETRY_S = 5


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end."""
    told = Text("入网服务：数据网关的入网、续期、对时", "the enrolment door: boxes enrol, renew, ask the time")
    parser = Parser(prog="./ykt cloud enrol", description=told)
    add_data(parser)
    signer = Text("签发进程（入网服务用）", "the signer's socket for this door")
    parser.add_argument("--signer", type=Path, required=True, metavar="SOCKET", help=signer)
    parser.add_argument("--port", type=listening_port, required=True, help=Text("监听端口", "port to listen at"))
    host = Text("监听地址，缺省 127.0.0.1", "address to listen at (127.0.0.1)")
    parser.add_argument("--host", default="127.0.0.1", help=host)
    end = Text("标准输入关闭即结束", "end when standard input closes")
    parser.add_argument("--end-with-stdin", action="store_true", help=end)
    add_health(parser)
    asyncio.run(_serve(parser.parse_args(arguments)))
    return 0


async def _serve(given: argparse.Namespace) -> None:
    own = given.data / CERTIFICATE
    door = Door(given.signer)
    server = HttpsServer(door, given.host, given.port, own, own.with_suffix(".key"), BOUNDS)
    stop = asyncio.Event()
    stop_on_signals(stop, end_with_stdin=given.end_with_stdin)
    serving = asyncio.create_task(server.serve(), name="enrol")
    told = asyncio.create_task(_tell(server, stop, door, f"https://{given.host}:{given.port}/"))
    async with healthy(given.health, lambda: _health(server, door)):
        await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    server.should_exit = True
    server.serving.set()
    await asyncio.gather(serving, told)


def _health(server: HttpsServer, door: "Door") -> Health:
    waits = () if server.serving.is_set() else ("https",)
    return Health(waits=waits, page=page_of("enrol", asdict(door.counts)))


async def _tell(server: HttpsServer, stop: asyncio.Event, door: "Door", address: str) -> None:
    await server.serving.wait()
    say(f"READY enrol {address}")
    loop = Duty()
    with Watchdog("enrol", lambda: {"loop": loop.turns}) as watchdog:
        watchdog.ready()
        await report(stop, lambda: asdict(door.counts), loop)


@dataclass(slots=True)
class Counts:
    """Since the start."""

    asked: int = 0
    granted: int = 0
    waiting: int = 0
    refused: int = 0
    slowed: int = 0
    away: int = 0


class Door:
    """The ASGI application: the paths of shared/wire/enrol/messages.py and nothing else."""

    def __init__(self, signer: Path) -> None:
        self.counts = Counts()
        self._senders = Senders()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="signer")
        self._signer = SignerClient(signer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._asked(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._signer.close()
        self._thread.shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    async def _asked(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender, now_s = str((scope.get("client") or ("",))[0]), time.monotonic()
        self.counts.asked += 1
        if not self._senders.may_ask(sender, now_s):
            self.counts.slowed += 1
            await refuse(send, BUSY, self._senders.waits_s(sender, now_s))
            return
        try:
            answer = await self._answered(scope, receive, sender)
        except KeyProcessAway:
            self.counts.away += 1
            await refuse(send, AWAY, RETRY_S)
            return
        except (WireFault, KeyFault):
            answer = Refused.GONE
        await (refuse(send, answer) if isinstance(answer, int) else _send(send, answer))

    async def _answered(self, scope: Scope, receive: Receive, sender: str) -> bytes | int:
        """The answer, or the status of a refusal."""
        path, method = scope["path"], scope["method"]
        if (path, method) == (PATH_CA, "GET"):
            return await self._said(Op.CA)
        if path not in PATHS or method != "POST":
            return 404
        body = await whole_body(receive, ASK_MAX)
        if isinstance(body, Refused):
            return body
        if path == PATH_TIME:
            return time_answer(int(time.time() * 1000), time_nonce(body)).encode()
        said = await self._said(Op.ENROL if path == PATH_ENROL else Op.RENEW, body)
        self._count(answer_of(said).state, sender)
        return said

    async def _said(self, op: Op, *arguments: object) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._signer.octets, op, *arguments)

    def _count(self, state: State, sender: str) -> None:
        self.counts.granted += state is State.GRANTED
        self.counts.waiting += state is State.WAITING
        self.counts.refused += state is State.REFUSED
        if state is State.REFUSED:
            self._senders.was_wrong(sender, time.monotonic())


_HEADERS = [(b"content-type", b"application/cbor"), (b"cache-control", b"no-store")]


async def _send(send: Send, answer: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": answer})
