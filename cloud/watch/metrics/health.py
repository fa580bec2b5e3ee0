"""/healthz, /readyz and /metrics of the watch over HTTP: on loopback, where asked for, one caller at a time.

Healthy: turns are taken. Ready: the ledger is read, too. Nothing else is served, nothing is taken in; a caller has
CALLER_S for each step.
"""

from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar, NamedTuple

from cloud.watch.metrics.lines import PAGE_KIND

HOST = "127.0.0.1"
CALLER_S = 2.0
LOOK_S = 0.1
"""How often it is looked whether it is to end."""
OLD_S = 30.0
"""The last turn may be so old; a look has probes, each with its own bound."""
_PLAIN = "text/plain; charset=utf-8"


class Health(NamedTuple):
    """turn_s: so long ago was the last turn."""

    turn_s: float
    is_ledger_read: bool
    page: str


class HealthServer:
    """Serves on a thread of its own until it is closed. OSError: the port is taken."""

    def __init__(self, port: int, health: Callable[[], Health]) -> None:
        self._server = HTTPServer((HOST, port), _handler(health))
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, args=(LOOK_S,), name="health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No caller is answered any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(CALLER_S)


def answer(path: str, health: Health) -> tuple[HTTPStatus, str, str]:
    """Status, kind, text."""
    is_alive = health.turn_s <= OLD_S
    match path:
        case "/healthz":
            return _said(is_alive, f"turn {health.turn_s:.1f} s")
        case "/readyz":
            return _said(is_alive and health.is_ledger_read, f"ledger {'read' if health.is_ledger_read else 'away'}")
        case "/metrics":
            return HTTPStatus.OK, PAGE_KIND, health.page
    return HTTPStatus.NOT_FOUND, _PLAIN, "/healthz /readyz /metrics\n"


def _said(is_good: bool, why: str) -> tuple[HTTPStatus, str, str]:
    if is_good:
        return HTTPStatus.OK, _PLAIN, "ok\n"
    return HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, f"{why}\n"


def _handler(health: Callable[[], Health]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout: ClassVar[float] = CALLER_S
        server_version, sys_version = "openykt", ""

        def do_GET(self) -> None:
            status, kind, text = answer(self.path, health())
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """What strangers send is in no log."""

    return Handler
