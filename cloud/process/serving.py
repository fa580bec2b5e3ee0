"""The door to uvicorn: an HTTPS server in a part of ours, which says when it serves and leaves signals to its root.

What every answer carries and which TLS is spoken is said here once: for pages, streams, refusals, and for what uvicorn
answers by itself before any application was asked.
"""

import asyncio
import logging
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from cloud.process.callers import CallBounds, Callers, doors

STREAM_END_S = 1
"""Open streams are cut after so long when the part ends."""
KEEP_ALIVE_S = 30
BACKLOG = 128
"""Calls that one turn of the loop accepts: the files of those that made room are closed a turn later."""
HSTS_S = 31_536_000
POLICY = (
    ("Strict-Transport-Security", f"max-age={HSTS_S}"),
    (
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""On every answer, whoever makes it. data: an image that a page has drawn itself, as a QR that a phone keeps."""
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secret and authenticated, no CBC. TLS 1.3 has nothing else."""
PORT_NOT_HAD = 3
"""Exit code when the address cannot be had."""
log = logging.getLogger(__name__)
Application = Callable[..., Awaitable[Any]]


class _State(ServerState):
    """What the connections of one server share."""

    def __init__(self, bounds: CallBounds) -> None:
        super().__init__()
        self.callers = Callers(bounds)


class HttpsServer(uvicorn.Server):
    """`serving` is set once it serves; `should_exit` ends it."""

    def __init__(
        self, application: Application, host: str, port: int, certificate: Path, key: Path,
        bounds: CallBounds | None = None,
    ) -> None:  # fmt: skip
        config = uvicorn.Config(
            application, host=host, port=port, log_level="warning", log_config=None,
            access_log=False, lifespan="on", http=_Caller,
            ssl_certfile=certificate, ssl_keyfile=key, ssl_ciphers=CIPHERS, headers=list(POLICY), server_header=False,
            timeout_graceful_shutdown=STREAM_END_S, timeout_keep_alive=KEEP_ALIVE_S, backlog=BACKLOG,
        )  # fmt: skip
        config.load()
        _require_tls_1_2(config.ssl)
        super().__init__(config)
        self.server_state: _State = _State(bounds or CallBounds())
        self.server_state.default_headers = config.encoded_headers  # uvicorn's own first tick comes after READY
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Begin to serve, at doors of our own, then say so."""
        try:
            listening = doors(self.config.host, self.config.port, self.server_state.callers, self.config.backlog)
        except OSError as fault:
            log.error("%s", fault)
            sys.exit(PORT_NOT_HAD)
        await super().startup([])
        for door in listening:
            self.servers.append(await self._open(door))
        self.serving.set()

    async def _open(self, door: socket.socket) -> asyncio.Server:
        ask_s = self.server_state.callers.bounds.ask_s
        return await asyncio.get_running_loop().create_server(
            self._caller, sock=door, ssl=self.config.ssl, ssl_handshake_timeout=ask_s, backlog=self.config.backlog
        )  # fmt: skip

    def _caller(self) -> "_Caller":
        return _Caller(self.config, self.server_state, self.lifespan.state)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _require_tls_1_2(context: ssl.SSLContext | None) -> None:
    if context is not None:
        context.minimum_version = ssl.TLSVersion.TLSv1_2


class _Caller(H11Protocol):
    """One connection. It is ended when a request's head takes too long, dripped byte by byte or never begun."""

    server_state: _State
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """asyncio: the handshake is done."""
        super().connection_made(transport)
        callers = self.server_state.callers
        callers.answer(transport.get_extra_info("peername")[:2], self._asks)
        self._await_request(callers.bounds.ask_s)

    def on_response_complete(self) -> None:
        """uvicorn: an answer is out."""
        super().on_response_complete()
        self._await_request(KEEP_ALIVE_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: it is over."""
        self._await_no_request()
        super().connection_lost(exc)

    def _asks(self) -> bool:
        return self._is_between() or self.cycle.more_body

    def _is_between(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_request(self, within_s: float) -> None:
        self._await_no_request()
        self._late = self.loop.call_later(within_s, self._end_if_between)

    def _await_no_request(self) -> None:
        if self._late is not None:
            self._late.cancel()

    def _end_if_between(self) -> None:
        if self._is_between():
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP: answered here, as uvicorn asks no application and says no header of ours."""
        if self.cycle is None or not self.cycle.response_started:
            headers = [*self.config.encoded_headers, (b"content-type", b"text/plain"), (b"connection", b"close")]
            lines = [b"HTTP/1.1 400 Bad Request", *(name + b": " + value for name, value in headers)]
            self.transport.write(b"\r\n".join([*lines, b"", msg.encode("ascii")]))
        self.transport.close()
