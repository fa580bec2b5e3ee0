"""Composition root of the wallet's front: HTTPS for phones, its files, and calls passed on to the accounts service.

`READY wallet https://…` when it serves. GET: files. POST /w/api/OPERATION with a JSON object: asked of the accounts
service; the answer is its value, or a problem (application/problem+json). A call must
come from a page of ours: JSON, the header x-ykt, and no other origin; the session is a cookie that scripts cannot read
and other sites never send. POST /pay/notify/PROVIDER: raw bytes for the accounts service, which only wakes a query by
them; `success`, or 503 and the provider sends it again.
"""

import argparse
import asyncio
import json
import re
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any

from cloud.process.bodies import Receive, Refused, Scope, Send, refuse, whole_body
from cloud.process.callers import CallBounds
from cloud.process.https_part import HttpsPart, run
from cloud.process.serving import HttpsServer
from cloud.wallet.front.accounts import AccountsLine, line_of
from cloud.wallet.front.doorkeeper import CALLS, SIGN_INS, Doorkeeper
from cloud.wallet.front.files import File, load_files
from cloud.wallet.front.held import HeldCalls
from cloud.wallet.line.calls import (
    AGENT_MAX,
    ASK_MAX,
    LOOK,
    NOTIFY,
    NOTIFY_MAX,
    OF_FRONT,
    TOKEN_MAX,
    Ask,
    Caller,
    decode_answer,
    encode_ask,
    from_json,
)
from cloud.wallet.line.problems import AWAY, MEDIA, UNKNOWN, CallRefused, Problem, slow_down
from shared.errors import LinkFault
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.endpoint import listening_port
from shared.input.health_port import add_health
from shared.keys.front_token import WALLET
from shared.words.voice import Text

PHONES = CallBounds(in_all=2_500, of_address=1_500)
"""Connections: each phone keeps one for half a minute, and a school's may all stand behind one address (NAT)."""
API = "/w/api/"
CALLBACKS = "/pay/notify/"
SIGNED_BY = "wechatpay-"
"""Headers of a callback that are passed on: these, and the type of its body."""
HEADERS_MAX, HEADER_MAX = 8, 1024
_PROVIDER = re.compile(r"[a-z0-9]{1,16}")
COOKIE = "__Host-ykt"
COOKIE_S = 60 * 86_400
WITHOUT_SESSION = ("sign-in", "bind", "lost-night")
"""First words of operations that strangers may try: they have a pace of their own."""
TRUST = Problem(403, "not-our-page", Text("请从钱包页面操作", "ask from a page of the wallet"))


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end."""
    reached = Text("钱包：手机访问的前置", "the wallet: what phones reach")
    parser = Parser(prog="./ykt cloud wallet", description=reached)
    add_data(parser)
    behind = Text("账户服务地址", "address of the accounts service")
    parser.add_argument("--accounts", required=True, metavar="https://HOST:PORT", help=behind)
    parser.add_argument("--port", type=listening_port, required=True, help=Text("监听端口", "port to listen at"))
    parser.add_argument(
        "--host", default="127.0.0.1", help=Text("监听地址，缺省 127.0.0.1", "address to listen at (127.0.0.1)")
    )
    own = Text("学校的证书，PEM；缺省 DATA/front/wallet.pem", "the school's certificate, PEM (DATA/front/wallet.pem)")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help=own)
    key = Text("其私钥，PEM；缺省 DATA/front/wallet.key", "its key, PEM (DATA/front/wallet.key)")
    parser.add_argument("--key", type=Path, metavar="FILE", help=key)
    parser.add_argument(
        "--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when standard input closes")
    )
    add_health(parser)
    asyncio.run(_serve(parser.parse_args(arguments)))
    return 0


async def _serve(given: argparse.Namespace) -> None:
    folder = given.data / WALLET.folder
    front = Front(line_of(given.accounts, folder))
    certificate, key = given.certificate or folder / "wallet.pem", given.key or folder / "wallet.key"
    server = HttpsServer(front, given.host, given.port, certificate, key, PHONES)
    await run(server, HttpsPart("wallet", front.numbers), given)
    front.line.close()


@dataclass(slots=True)
class Counts:
    """Since the start."""

    calls: int = 0
    callbacks: int = 0
    refused: int = 0
    away: int = 0
    slowed: int = 0


class Front:
    """The ASGI application."""

    def __init__(self, line: AccountsLine) -> None:
        self.line = line
        self.counts = Counts()
        self.held = HeldCalls(self._look)
        self._files = load_files()
        self._calls, self._sign_ins, self._callbacks = Doorkeeper(CALLS), Doorkeeper(SIGN_INS), Doorkeeper(CALLS)

    def numbers(self) -> dict[str, int]:
        """Of STATUS."""
        return asdict(self.counts) | {"held": self.held.held, "not_held": self.held.not_held}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(API):
            await self._call(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(CALLBACKS):
            await self._callback(scope, receive, send)
        elif scope["type"] == "http":
            await self._file(scope, receive, send)

    async def _file(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._files.get(scope["path"])
        if file is None or scope["method"] not in ("GET", "HEAD"):
            await refuse(send, 404)
            return
        await whole_body(receive, 0)
        await _send_file(send, scope, file)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.counts.calls += 1
        try:
            await self._passed_on(scope, receive, send)
        except CallRefused as refused:
            self.counts.refused += 1
            await _say(send, refused.problem.to_json())

    async def _callback(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever it says: nothing is judged here. A provider that hears no success sends it again."""
        self.counts.callbacks += 1
        provider, address = scope["path"].removeprefix(CALLBACKS), scope["client"][0]
        if scope["method"] != "POST" or _PROVIDER.fullmatch(provider) is None:
            await refuse(send, 404)
        elif wait_s := self._callbacks.wait_s(address, time.monotonic()):
            self.counts.slowed += 1
            await refuse(send, 429, int(wait_s) + 1)
        else:
            body = await whole_body(receive, NOTIFY_MAX)
            await (refuse(send, body) if isinstance(body, Refused) else self._wake(scope, send, provider, body))

    async def _wake(self, scope: Scope, send: Send, provider: str, body: bytes) -> None:
        told = {"provider": provider, "headers": _signed(scope), "body": b64encode(body).decode()}
        try:
            problem = (await self._asked(Ask(NOTIFY, told, Caller(scope["client"][0])))).get("problem")
        except CallRefused:
            problem = AWAY.to_json()
        if problem is None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"success"})
        else:
            await refuse(send, 404 if problem["code"] == UNKNOWN.code else 503)

    async def _passed_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = scope["path"].removeprefix(API)
        self._admit(operation, scope["client"][0])
        if operation in OF_FRONT:
            raise CallRefused(UNKNOWN)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["method"] != "POST" or not _is_ours(headers):
            raise CallRefused(TRUST)
        body = await whole_body(receive, ASK_MAX // 2)
        if isinstance(body, Refused):
            await refuse(send, body)
            return
        ask = Ask(operation, from_json(body), _caller(scope["client"][0], headers))
        answer = await self._asked(ask)
        if "held" in answer:
            answer = await self.held.told(answer, ask.caller.address, receive)
        if "problem" in answer:
            await _say(send, dict(answer["problem"]), answer.get("session"))
        else:
            await _say(send, {"value": answer.get("value")}, answer.get("session"), status=200)

    async def _asked(self, ask: Ask) -> dict[str, Any]:
        try:
            return decode_answer(await self.line.ask(encode_ask(ask)))
        except LinkFault as fault:
            self.counts.away += 1
            raise CallRefused(AWAY) from fault

    async def _look(self, handles: list[str]) -> dict[str, Any]:
        return dict((await self._asked(Ask(LOOK, {"handles": handles}, Caller()))).get("value") or {})

    def _admit(self, operation: str, address: str) -> None:
        now_s = time.monotonic()
        wait_s = self._calls.wait_s(address, now_s)
        if not wait_s and operation.startswith(WITHOUT_SESSION):
            wait_s = self._sign_ins.wait_s(address, now_s)
        if wait_s:
            self.counts.slowed += 1
            raise CallRefused(slow_down(int(wait_s) + 1))


def _is_ours(headers: dict[str, str]) -> bool:
    """Only a page of this origin can send this: another one would first have to ask whether it may, and is told no."""
    own = f"https://{headers.get('host', '')}"
    return (
        headers.get("content-type", "").partition(";")[0].strip() == "application/json"
        and "x-ykt" in headers
        and headers.get("origin", own) == own
        and headers.get("sec-fetch-site", "same-origin") == "same-origin"
    )


def _signed(scope: Scope) -> Mapping[str, str]:
    """The first of those that an adapter may look at, each cut; what was cut is no good signature any more."""
    told = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    kept = [(name, value[:HEADER_MAX]) for name, value in told if name.startswith(SIGNED_BY) or name == "content-type"]
    return dict(kept[:HEADERS_MAX])


def _caller(address: str, headers: dict[str, str]) -> Caller:
    agent = "".join(one for one in headers.get("user-agent", "") if one.isprintable())[:AGENT_MAX]
    return Caller(address, agent, f"https://{headers.get('host', '')}"[:128], _session(headers.get("cookie", "")))


def _session(raw: str) -> str:
    try:
        found = SimpleCookie(raw).get(COOKIE)
    except CookieError:
        return ""
    return found.value[:TOKEN_MAX] if found else ""


def _cookie(session: str) -> bytes:
    ends = COOKIE_S if session else 0
    return f"{COOKIE}={session}; Path=/; Max-Age={ends}; Secure; HttpOnly; SameSite=Strict".encode("latin-1")


async def _say(send: Send, said: dict[str, Any], session: str | None = None, status: int = 0) -> None:
    body = json.dumps(said["value"] if status else said, ensure_ascii=False, separators=(",", ":")).encode()
    kind = b"application/json" if status else MEDIA.encode("ascii")
    headers = [(b"content-type", kind), (b"cache-control", b"no-store"), (b"content-length", b"%d" % len(body))]
    if "retry_s" in said:
        headers.append((b"retry-after", b"%d" % said["retry_s"]))
    if session is not None:
        headers.append((b"set-cookie", _cookie(session)))
    await send({"type": "http.response.start", "status": status or said["status"], "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_file(send: Send, scope: Scope, file: File) -> None:
    asked = dict(scope["headers"])
    headers = [(b"cache-control", file.caching), (b"etag", file.tag), (b"vary", b"accept-encoding")]
    if asked.get(b"if-none-match") == file.tag:
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    packed = b"gzip" in asked.get(b"accept-encoding", b"") and len(file.packed) < len(file.body)
    body = file.packed if packed else file.body
    headers += [(b"content-type", file.type), (b"content-length", b"%d" % len(body))]
    headers += [(b"content-encoding", b"gzip")] if packed else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
