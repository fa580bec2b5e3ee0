"""A store on loopback that says what it is told to say, and keeps what it was sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import NamedTuple

from cloud.watch.metrics.settings import Api, MetricStore, Speech


class Request(NamedTuple):
    target: str
    authorization: str
    body: str


class Stand:
    """status and body are of every answer from now on."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status, self.body = 204, b""
        self.location = ""
        self.port = 0

    def store(self, api: Api = Api.V2, token: str = "") -> MetricStore:
        speech = Speech.PROMQL if api is Api.V2 else Speech.INFLUXQL
        return MetricStore(f"http://127.0.0.1:{self.port}", api, speech, "openykt", "-", token)


@contextmanager
def standing() -> Iterator[Stand]:
    stand = Stand()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(size).decode()
            stand.requests.append(Request(self.path, self.headers.get("Authorization", ""), body))
            self.send_response(stand.status)
            if stand.location:
                self.send_header("Location", stand.location)
            self.send_header("Content-Length", str(len(stand.body)))
            self.end_headers()
            self.wfile.write(stand.body)

        do_POST = do_GET  # noqa: N815  # the name is the standard library's

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        stand.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield stand
        server.shutdown()
        thread.join()
