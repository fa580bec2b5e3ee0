"""The door to uvicorn: an HTTPS server in a part of ours, which says when it serves and leaves signals to its root."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

STREAM_END_S = 1
"""Open streams are cut after so long when the part ends."""
KEEP_ALIVE_S = 30
Application = Callable[..., Awaitable[Any]]


class HttpsServer(uvicorn.Server):
    """`serving` is set once it serves; `should_exit` ends it."""

    def __init__(self, application: Application, host: str, port: int, certificate: Path, key: Path) -> None:
        super().__init__(
            uvicorn.Config(
                application, host=host, port=port, log_level="warning", access_log=False, lifespan="on",
                ssl_certfile=certificate, ssl_keyfile=key, timeout_graceful_shutdown=STREAM_END_S,
                timeout_keep_alive=KEEP_ALIVE_S,
            )
        )  # fmt: skip
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, then say so."""
        await super().startup(sockets)
        self.serving.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
