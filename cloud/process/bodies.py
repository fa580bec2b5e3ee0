"""A request's body, whole before anybody works on it: so long and so late, and no longer or later; whose it says it is.

No worker thread waits for a sender. A refusal ends its connection: what is still to come of such a body is not read.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any

from shared.words.voice import Text

BODY_S = 10.0
_BEARER = b"Bearer "

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Refused(IntEnum):
    """Why there is no body, as a status of HTTP."""

    GONE = 400
    TOO_SLOW = 408
    TOO_LONG = 413


async def whole_body(receive: Receive, most: int, within_s: float = BODY_S) -> bytes | Refused:
    """All of it, or why not."""
    try:
        async with asyncio.timeout(within_s):
            return await _gathered(receive, most)
    except TimeoutError:
        return Refused.TOO_SLOW


async def _gathered(receive: Receive, most: int) -> bytes | Refused:
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return Refused.GONE
        found += message.get("body", b"")
        if len(found) > most:
            return Refused.TOO_LONG
        if not message.get("more_body", False):
            return bytes(found)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A receive that says the body at once, and then what else comes."""
    whole = [{"type": "http.request", "body": body, "more_body": False}]

    async def say() -> dict[str, Any]:
        return whole.pop() if whole else await receive()

    return say


def bearer_of(scope: Scope) -> str:
    """The token that its head brings; '' where it brings none."""
    given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    return given.removeprefix(_BEARER).decode("latin-1") if given.startswith(_BEARER) else ""


_SAID = {
    400: Text("请求不完整", "not a whole request"),
    401: Text("请先登录", "sign in first"),
    404: Text("没有这个地址", "no such address"),
    408: Text("请求来得太慢", "the request came too slowly"),
    413: Text("请求过长", "the request is too long"),
    429: Text("问得太多，请稍后再试", "asked too often, try again later"),
    503: Text("人太多，请稍后再试", "too many at once, try again later"),
}


async def refuse(send: Send, status: int, retry_s: int | None = None) -> None:
    """An answer that ends the connection, with a line for who reads it. retry_s: when it may be asked again."""
    text = _SAID[status]
    said = f"{text.zh} · {text.en}".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), (b"connection", b"close"),
        (b"content-length", b"%d" % len(said)),
    ]  # fmt: skip
    if retry_s is not None:
        headers.append((b"retry-after", b"%d" % retry_s))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": said})
