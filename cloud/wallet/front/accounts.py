"""The line to the accounts service: HTTPS with kept connections, so many at once, each answer within its time.

LinkFault: it is away, or said what is no answer. Whether a call was done is then not known: deeds carry a key, so that
the page asks again under the same one.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cloud.wallet.line.calls import ANSWER_MAX, WALLET_PATH
from shared.errors import ConfigFault, LinkFault
from shared.keys.front_token import TOKEN_FILE
from shared.words.voice import Text

CALLS_MAX = 16
"""At once; the back has one ledger thread, more would only wait there."""
WAIT_S = 8.0
"""Longest that a call waits for its turn and its answer, together."""
CONNECT_S = 3.0
HEAD_MAX = 16 * 1024
CA_FILE = "ca.pem"
"""In a front's folder: whom it believes."""
_AWAY = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)


class NoAnswer(ValueError):
    """Happens when what came is no answer of the accounts service; says its status."""


@dataclass(slots=True)
class _Wire:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@dataclass(slots=True)
class AccountsLine:
    """address: https://host:port. ca: whom it believes. token: by which it is known there. path: of its calls."""

    address: str
    ca: Path
    token: str = field(repr=False)
    path: str = WALLET_PATH
    _idle: list[_Wire] = field(default_factory=list)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CALLS_MAX))

    async def ask(self, body: bytes) -> bytes:
        """The answer's bytes. LinkFault."""
        try:
            async with asyncio.timeout(WAIT_S), self._turns:
                return await self._asked(body)
        except (TimeoutError, *_AWAY) as fault:
            raise LinkFault(f"accounts: {fault if isinstance(fault, NoAnswer) else type(fault).__name__}") from fault

    async def _asked(self, body: bytes) -> bytes:
        """On a kept connection, or a new one. One that the other side has closed meanwhile has done nothing: it sends
        no answer before it closes; of any other end nobody knows whether the call was done, and it is not repeated."""
        while self._idle:
            wire = self._idle.pop()
            if wire.reader.at_eof() or wire.writer.is_closing():
                wire.writer.close()
                continue
            try:
                return await self._exchange(wire, body)
            except asyncio.IncompleteReadError as fault:
                if fault.partial:
                    raise
        return await self._exchange(await self._connected(), body)

    async def _connected(self) -> _Wire:
        place = urlsplit(self.address)
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(place.hostname, place.port, ssl=context, limit=HEAD_MAX)
        return _Wire(reader, writer)

    async def _exchange(self, wire: _Wire, body: bytes) -> bytes:
        kept = False
        try:
            wire.writer.write(_request(f"POST {self.path}", urlsplit(self.address).netloc, self.token, body))
            await wire.writer.drain()
            answer, kept = await _response(wire.reader)
            return answer
        finally:
            if kept:
                self._idle.append(wire)
            else:
                wire.writer.close()

    def close(self) -> None:
        """Let all go."""
        while self._idle:
            self._idle.pop().writer.close()


def line_of(address: str, folder: Path, path: str = WALLET_PATH) -> AccountsLine:
    """By what lies in a front's folder. ConfigFault."""
    file = folder / TOKEN_FILE
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as fault:
        raise ConfigFault(
            Text(f"{file}: 无法读取：先启动账户服务", f"{file}: cannot be read: start the accounts service first")
        ) from fault
    return AccountsLine(address, folder / CA_FILE, token, path)


def _request(asked: str, host: str, token: str, body: bytes) -> bytes:
    lines = (
        f"{asked} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {token}",
        "Content-Type: application/json", f"Content-Length: {len(body)}", "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode("latin-1") + body


async def _response(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """The body, and whether the connection may be used again. NoAnswer; ValueError: no number."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
    length = int(fields.get("content-length", "-1"))
    if not head[0].startswith("HTTP/1.1 200 ") or not 0 <= length <= ANSWER_MAX:
        raise NoAnswer(head[0][9:12] if head[0][9:12].isdecimal() else "no HTTP")
    return await reader.readexactly(length), fields.get("connection") != "close"
