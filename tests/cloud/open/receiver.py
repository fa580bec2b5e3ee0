"""Somebody's server that webhooks are sent to: HTTPS on loopback, with whatever it is told to answer."""

import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import NamedTuple

from tests.patience import PATIENCE_S


class Got(NamedTuple):
    """headers: names in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """answers: path → what is written back, whole; else 204. hang: nothing is answered to this path until `end`."""

    def __init__(
        self, server: ThreadingHTTPServer, heard: "defaultdict[str, Queue[Got]]", end: threading.Event
    ) -> None:
        self.port, self._heard, self.end = server.server_address[1], heard, end

    def next(self, path: str) -> Got:
        """What comes to it next."""
        return self._heard[path].get(timeout=PATIENCE_S)


@contextmanager
def receiver(certificate: Path, key: Path, answers: dict[str, bytes]) -> Iterator[Receiver]:
    """Serve in threads of its own until the end."""
    heard: defaultdict[str, Queue[Got]] = defaultdict(Queue)
    end = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard[self.path].put(Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if self.path == "/hang":
                end.wait(PATIENCE_S)
            else:
                self.wfile.write(answers.get(self.path, b"HTTP/1.1 204 No Content\r\n\r\n"))

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield Receiver(server, heard, end)
    finally:
        end.set()
        server.shutdown()
        thread.join()
        server.server_close()
