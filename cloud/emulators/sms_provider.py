"""A provider that takes signed posts on a loopback port, an SMS or an event, and misbehaves on demand.

For a demonstration and for tests. `taken` is what it took; a post whose signature is wrong or old gets 401.
"""

import json
import threading
import time
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from hmac import new as new_hmac
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

OLD_S = 300
ASKED = 200
BODY_MAX = 1024 * 1024


@dataclass
class Mood:
    """How it misbehaves. status: what it answers instead; mute_s: so long it says nothing; hangs_up: it goes without a
    word; location: where it sends one with 302; says: its answer, empty: an id; states: what it says of ids that it is
    asked for."""

    status: int = 0
    mute_s: float = 0.0
    hangs_up: bool = False
    location: str = ""
    says: bytes = b""
    states: dict[str, str] = field(default_factory=dict)


class ProviderEmulator:
    """Use as a context manager; `url` is what a door posts to."""

    def __init__(self, secret: str) -> None:
        self.mood = Mood()
        self.taken: list[dict[str, Any]] = []
        self.posts = 0
        """Also those that it did not take."""
        self._secret = secret.encode()
        self._waking = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/sms?v=1"
        self.status_url = self.url.replace("/sms?", "/status?")
        self.asked: list[list[str]] = []
        """Ids whose states it was asked for."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="provider", daemon=True)

    def __enter__(self) -> "ProviderEmulator":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waking.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                provider._post(self)  # its own handler

            def do_GET(self) -> None:
                provider.posts += 1
                self.send_error(405)

            def log_message(self, format: str, *_: object) -> None:  # the base's name
                """Writes nothing."""

        return Handler

    def _post(self, asked: BaseHTTPRequestHandler) -> None:
        self.posts += 1
        mood = self.mood
        body = asked.rfile.read(min(int(asked.headers.get("Content-Length", "0")), BODY_MAX))
        if mood.mute_s:
            self._waking.wait(mood.mute_s)
        if mood.hangs_up or mood.mute_s:
            asked.close_connection = True
            return
        status = 302 if mood.location else mood.status or self._judged(asked, body)
        asked.send_response(status)
        if mood.location:
            asked.send_header("Location", mood.location)
        asked.end_headers()
        answer: dict[str, Any] = {"id": f"p{len(self.taken)}"}
        if asked.path.startswith("/status") and status == ASKED:
            answer = {"states": {ident: mood.states.get(ident, "waiting") for ident in self.asked[-1]}}
        asked.wfile.write(mood.says or json.dumps(answer).encode())

    def _judged(self, asked: BaseHTTPRequestHandler, body: bytes) -> int:
        at, _, seal = asked.headers.get("OpenYKT-Signature", "").removeprefix("t=").partition(",v1=")
        wanted = new_hmac(self._secret, f"POST\n{asked.path}\n{at}\n".encode() + body, sha256).hexdigest()
        if not compare_digest(seal, wanted) or abs(time.time() - int(at)) > OLD_S:
            return 401
        if asked.path.startswith("/status"):
            self.asked.append(json.loads(body)["ids"])
            return ASKED
        is_form = asked.headers.get("Content-Type", "") == "application/x-www-form-urlencoded"
        self.taken.append(dict(parse_qsl(body.decode())) if is_form else json.loads(body))
        return 202
