"""The door to uvicorn: an HTTPS server in a part of ours, which says when it serves and leaves signals to its root.

What every answer carries and which TLS is spoken is said here once: for pages, streams, refusals, and for what uvicorn
answers by itself before any application was asked.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

STREAM_END_S = 1
"""Open streams are cut after so long when the part ends."""
KEEP_ALIVE_S = 30
HSTS_S = 31_536_000
POLICY = (
    ("Strict-Transport-Security", f"max-age={HSTS_S}"),
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""On every answer, whoever makes it."""
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secret and authenticated, no CBC. TLS 1.3 has nothing else."""
Application = Callable[..., Awaitable[Any]]


class HttpsServer(uvicorn.Server):
    """`serving` is set once it serves; `should_exit` ends it."""

    def __init__(self, application: Application, host: str, port: int, certificate: Path, key: Path) -> None:
        config = uvicorn.Config(
            application, host=host, port=port, log_level="warning", access_log=False, lifespan="on", http=_Caller,
            ssl_certfile=certificate, ssl_keyfile=key, ssl_ciphers=CIPHERS, headers=list(POLICY), server_header=False,
            timeout_graceful_shutdown=STREAM_END_S, timeout_keep_alive=KEEP_ALIVE_S,
        )  # fmt: skip
        config.load()
        _require_tls_1_2(config.ssl)
        super().__init__(config)
        self.server_state.default_headers = config.encoded_headers  # uvicorn's own first tick comes after READY
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, then say so."""
        await super().startup(sockets)
        self.serving.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _require_tls_1_2(context: ssl.SSLContext | None) -> None:
    if context is not None:
        context.minimum_version = ssl.TLSVersion.TLSv1_2


class _Caller(H11Protocol):
    """One connection."""

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP: answered here, as uvicorn asks no application and says no header of ours."""
        if self.cycle is None or not self.cycle.response_started:
            headers = [*self.config.encoded_headers, (b"content-type", b"text/plain"), (b"connection", b"close")]
            lines = [b"HTTP/1.1 400 Bad Request", *(name + b": " + value for name, value in headers)]
            self.transport.write(b"\r\n".join([*lines, b"", msg.encode("ascii")]))
        self.transport.close()
