"""POSTs of JSON by docked devices: one request a connection, sizes and times have bounds, and who it is says a token.

    POST /v1/docked HTTP/1.1
    Authorization: Bearer ACCOUNT.SECRET

202: taken up. 401: nobody's token. 400: no such request. 413, 431: too long. 422: no template reads it. 429: too many.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple

from cloud.watch.docking.mapping.reading import BODY_MAX
from cloud.watch.docking.sparkplug.host import Why

PATH = "/v1/docked"
HEAD_MAX = 8_192
REQUEST_S = 5.0
"""Longest that a request may take to come whole."""
CALLERS_MAX = 32
LINGER_S = 1.0
DISCARD_MAX = 4 * BODY_MAX
_TOKEN = re.compile(r"Bearer ([a-z0-9-]{1,32})\.([A-Za-z0-9_-]{16,128})")
_LENGTH = re.compile(r"\d{1,9}")
_STATUS = {
    None: HTTPStatus.ACCEPTED, Why.PACE: HTTPStatus.TOO_MANY_REQUESTS, Why.UNMAPPED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Why.MALFORMED: HTTPStatus.UNPROCESSABLE_ENTITY,
}  # fmt: skip


class Request(NamedTuple):
    """One, before its body."""

    account: str
    secret: str
    length: int


def asked(head: bytes) -> Request | HTTPStatus:
    """What a head asks for, or why not. Pure."""
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return HTTPStatus.BAD_REQUEST
    if words[1] != PATH:
        return HTTPStatus.NOT_FOUND
    if words[0] != "POST":
        return HTTPStatus.METHOD_NOT_ALLOWED
    fields = [line.partition(":") for line in lines[1:] if line]
    named = {name.strip().lower(): value.strip() for name, _, value in fields}
    if "transfer-encoding" in named or not _LENGTH.fullmatch(named.get("content-length", "")):
        return HTTPStatus.LENGTH_REQUIRED
    token, length = _TOKEN.fullmatch(named.get("authorization", "")), int(named["content-length"])
    if token is None:
        return HTTPStatus.UNAUTHORIZED
    return Request(token[1], token[2], length) if length <= BODY_MAX else HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def answer(status: HTTPStatus) -> bytes:
    """The whole of it. Pure."""
    body = f"{status.value} {status.phrase}\n"
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n{body}".encode()


Opens = Callable[[str, str], bool]
Post = Callable[[str, bytes], Why | None]


class HttpDoor:
    """Listens until it is closed."""

    def __init__(self, opens: Opens, post: Post) -> None:
        self._opens, self._post = opens, post
        self._callers = 0
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen; the port. OSError: it is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=HEAD_MAX)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    def close(self) -> None:
        """Nobody is answered any more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers += 1
        try:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            if self._callers <= CALLERS_MAX:
                status = await _within(self._answered(reader))
            writer.write(answer(status))
            await _linger(reader, writer)
        finally:
            self._callers -= 1
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader) -> HTTPStatus:
        try:
            found = asked(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.LimitOverrunError:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if isinstance(found, HTTPStatus):
            return found
        if not self._opens(found.account, found.secret):
            return HTTPStatus.UNAUTHORIZED
        return _STATUS.get(self._post(found.account, await reader.readexactly(found.length)), HTTPStatus.BAD_REQUEST)


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What a caller has still to say is thrown away, up to a bound: a close before it would lose the answer."""
    left = DISCARD_MAX
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(LINGER_S):
            await writer.drain()
            writer.write_eof()
            while left > 0 and (octets := await reader.read(HEAD_MAX)):
                left -= len(octets)


async def _within(work: Awaitable[HTTPStatus]) -> HTTPStatus:
    try:
        async with asyncio.timeout(REQUEST_S):
            return await work
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT
    except (OSError, asyncio.IncompleteReadError):
        return HTTPStatus.BAD_REQUEST
