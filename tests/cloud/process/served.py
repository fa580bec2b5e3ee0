"""An HTTPS server of the product on a real port, and callers that speak raw bytes to it."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.process.serving import HttpsServer
from compose.servers.ports import free_port
from tests.cloud.campus import Campus

CALL_S = 20.0


@dataclass(frozen=True, slots=True)
class Served:
    """Where it listens, and with which authority's certificate."""

    port: int
    ca: Path

    def context(self) -> ssl.SSLContext:
        """A caller's TLS, as strict as any browser's."""
        return ssl.create_default_context(cafile=self.ca)

    def call(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """A connection with its handshake done."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=CALL_S)
        return (context or self.context()).wrap_socket(plain, server_hostname="127.0.0.1")

    def ask(self, request: bytes) -> bytes:
        """The whole answer to a request that closes its connection."""
        with self.call() as caller:
            caller.sendall(request)
            return b"".join(iter(lambda: caller.recv(65536), b""))


@contextmanager
def served(application: Any, campus: Campus) -> Iterator[Served]:
    """Serve an application with a campus's console certificate, in a thread of its own."""
    folder = campus.data / "cloud"
    server = HttpsServer(application, "127.0.0.1", free_port(), folder / "console.pem", folder / "console.key")
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
