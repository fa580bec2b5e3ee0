"""An HTTPS server of the product on a real port, and callers that speak raw bytes to it."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.process.callers import CallBounds
from cloud.process.serving import HttpsServer
from compose.servers.ports import free_port
from tests.cloud.campus import Campus

CALL_S = 20.0
PATIENCE_S = 120.0
"""For what must come: a busy machine is slow, and only one that never comes is a fault."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where it listens, and with which authority's certificate."""

    port: int
    ca: Path

    def context(self) -> ssl.SSLContext:
        """A caller's TLS, as strict as any browser's."""
        return ssl.create_default_context(cafile=self.ca)

    def plain(self, address: str = "127.0.0.1") -> socket.socket:
        """A connection of that address, of which TLS is not yet said a word."""
        return socket.create_connection(("127.0.0.1", self.port), CALL_S, (address, 0))

    def call(self, context: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> ssl.SSLSocket:
        """A connection with its handshake done."""
        return (context or self.context()).wrap_socket(self.plain(address), server_hostname="127.0.0.1")

    def ask(self, request: bytes, address: str = "127.0.0.1") -> bytes:
        """The whole answer to a request that closes its connection."""
        with self.call(address=address) as caller:
            caller.sendall(request)
            return heard(caller)


def heard(caller: socket.socket) -> bytes:
    """All that comes until the other end closes; cut off is an end, too. One that talks on for ever fails."""
    found, patience = b"", time.monotonic() + PATIENCE_S
    with suppress(ConnectionError, ssl.SSLEOFError):
        while piece := caller.recv(65536):
            found += piece
            assert time.monotonic() < patience, "the other end talks on"
    return found


def get(path: str, *lines: str) -> bytes:
    """A request that closes its connection."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *lines, "", ""]).encode()


@contextmanager
def served(application: Any, campus: Campus, bounds: CallBounds | None = None) -> Iterator[Served]:
    """Serve an application with a campus's console certificate, in a thread of its own."""
    folder = campus.data / "cloud"
    pair = folder / "console.pem", folder / "console.key"
    server = HttpsServer(application, "127.0.0.1", free_port(), *pair, bounds)
    began = threading.Event()

    async def serve() -> None:
        serving = asyncio.create_task(server.serve())
        await server.serving.wait()
        began.set()
        await serving

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="served")
    thread.start()
    try:
        assert began.wait(CALL_S)
        yield Served(server.config.port, folder / "ca.pem")
    finally:
        server.should_exit = True
        thread.join(CALL_S)
