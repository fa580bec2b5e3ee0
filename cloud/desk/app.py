"""Composition root of the desk's centre: HTTPS, the cashier's token, one ledger thread, the key process's money socket.

`READY desk https://…` when it serves. It never asks for what changes a card: that is another socket and not ours.
Bounds: a request has at most ANSWER_MAX bytes and BODY_S to come; requests wait for one another, each whole by then.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from cloud.desk.answers import DeskAnswers
from cloud.desk.cashiers import cashier_of
from cloud.keys.client import KeyClient
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.records.values import Now
from cloud.process.bodies import Receive, Refused, Scope, Send, bearer_of, refuse, whole_body
from cloud.process.https_part import HttpsPart, run
from cloud.process.serving import HttpsServer
from cloud.process.settings import FOLDER, load_settings
from shared.clocks.campus_clock import CampusClock, parse_clock
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.endpoint import listening_port
from shared.input.health_port import add_health
from shared.support.watchdog import Errand
from shared.wire.desk.calls import ANSWER_MAX, DESK_PATH
from shared.words.voice import Text


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end."""
    parser = Parser(prog="./ykt cloud desk", description=Text("卡务中心的账本接口", "the ledger for card desks"))
    add_data(parser)
    ledger = Text("账本；缺省依数据目录", "the ledger; the data folder's if not given")
    parser.add_argument("--dsn", metavar="DSN", help=ledger)
    parser.add_argument(
        "--keys",
        type=Path,
        required=True,
        metavar="SOCKET",
        help=Text("密钥进程（账务）", "socket of the key process, for money"),
    )
    parser.add_argument("--port", type=listening_port, required=True, help=Text("监听端口", "port to listen at"))
    parser.add_argument(
        "--host", default="127.0.0.1", help=Text("监听地址，缺省 127.0.0.1", "address to listen at (127.0.0.1)")
    )
    parser.add_argument(
        "--clock", metavar="T0:REAL0:SPEED", help=Text("回放用的校园时钟", "the campus clock of a replay")
    )
    parser.add_argument(
        "--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when standard input closes")
    )
    add_health(parser)
    asyncio.run(_serve(parser.parse_args(arguments)))
    return 0


async def _serve(given: argparse.Namespace) -> None:
    settings = load_settings(given.data)
    centre = Centre(settings.books(given.dsn), given.keys, settings.data / FOLDER, parse_clock(given.clock))
    server = HttpsServer(centre, given.host, given.port, settings.console_certificate, settings.console_key)
    part = HttpsPart("desk", lambda: asdict(centre.answers.counts), lambda: {"ledger": centre.asked.moved()})
    await run(server, part, given)


class Centre:
    """The ASGI application: POST DESK_PATH and nothing else."""

    def __init__(self, dsn: str, keys: Path, folder: Path, clock: CampusClock) -> None:
        self._folder = folder
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._keys = KeyClient(keys)
        self.asked = Errand()
        self._opened, self.answers = self._thread.submit(self._open, dsn).result()

    def _open(self, dsn: str) -> tuple[OpenedLedger, DeskAnswers]:
        opened = open_prepared(dsn)
        return opened, DeskAnswers(DeskLedger(opened), self._keys, self._folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            answer = await self._answered(scope, receive)
            await (refuse(send, answer) if isinstance(answer, int) else _send(send, answer))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    def _close(self) -> None:
        self._opened.close()
        self._keys.close()

    async def _answered(self, scope: Scope, receive: Receive) -> bytes | int:
        """The answer, or the status of a refusal."""
        if scope["path"] != DESK_PATH or scope["method"] != "POST":
            return 404
        cashier = cashier_of(self._folder, bearer_of(scope))
        if cashier is None:
            return 401
        body = await whole_body(receive, ANSWER_MAX)
        if isinstance(body, Refused):
            return body
        unix_s = time.time()
        now = Now(int(unix_s * 1000), self._clock.at(unix_s))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._answer, body, cashier, now)

    def _answer(self, body: bytes, cashier: str, now: Now) -> bytes:
        with self.asked:
            return self.answers.answer(body, cashier, now)


_HEADERS = [(b"content-type", b"application/cbor"), (b"cache-control", b"no-store")]


async def _send(send: Send, answer: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": answer})
