"""An emulated provider on a loopback port: its API, its callbacks, and `/-/…`, by which a person or a test plays.

    GET  /-/, /-/order/NUMBER            pages for a person, who pays there (POST)
    GET  /-/orders                       what it knows
    POST /-/pay     {"number": …, "fen": 0}   somebody pays; fen 0: as the mood is
    POST /-/bridge  {"given": {"appId": …}, "who": openid}   as the chat app's own browser pays
    POST /-/refund  {"number": …, "refund": …, "fen": …}
    POST /-/mood    {"silent": true, …}   switches of Mood, or {"name": "everything"}
"""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from cloud.emulators.providers import payer
from cloud.emulators.providers.mood import MOODS
from cloud.emulators.providers.trades import Callback, Trades

BODY_MAX = 1 << 20
LOOK_S = 0.05
POST_S = 5.0
_Out = tuple[int, dict[str, str], bytes]


class Emulator(Protocol):
    """WeChat's or Alipay's."""

    trades: Trades

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes, now_s: int) -> _Out: ...

    def callback(self, one: Callback, now_s: int) -> tuple[dict[str, str], bytes]: ...

    def bridge(self, given: dict[str, str], who: str, now_s: int) -> bool: ...


class ProviderServer:
    """Use as a context manager. notify: where callbacks go; empty: nowhere. ca: who signs for an https one; keep: a
    file of what is known, for the next start. calls: how many were posted."""

    def __init__(
        self, emulator: Emulator, port: int, notify: str, clock: Callable[[], float] = time.time,
        ca: Path | None = None, keep: Path | None = None,
    ) -> None:  # fmt: skip
        self.emulator, self._notify, self._clock = emulator, urlsplit(notify), clock
        self._context = ssl.create_default_context(cafile=ca) if self._notify.scheme == "https" else None
        self._keep, self._kept = keep, know_again(emulator.trades, keep)
        self.calls = 0
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.port = int(self._server.server_address[1])
        emulator.trades.opens = f"http://127.0.0.1:{self.port}{payer.PLACE}"
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(LOOK_S,), name="provider", daemon=True),
            threading.Thread(target=self._call_back, name="callbacks", daemon=True),
        ]

    def __enter__(self) -> "ProviderServer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()

    def play(self, path: str, said: dict[str, Any]) -> object:
        """One of `/-/…`. ValueError, KeyError: not so."""
        trades, now_s = self.emulator.trades, int(self._clock())
        if path == "/-/pay":
            return {"paid": trades.pay(said["number"], now_s, said.get("fen", 0))}
        if path == "/-/bridge":
            return {"paid": self.emulator.bridge(said["given"], said["who"], now_s)}
        if path == "/-/refund":
            return {"refunded": trades.refund(said["number"], said["refund"], said["fen"], now_s)}
        if path == "/-/mood":
            base = MOODS[said.pop("name")] if "name" in said else trades.mood
            trades.take_mood(base.changed(json.dumps(said).encode()))
            return {}
        if path != "/-/orders":
            raise KeyError(path)
        return [
            {"number": one.number, "fen": one.fen, "paid_fen": one.paid_fen, "txn": one.txn, "closed": one.is_closed}
            for one in trades.all.values()
        ]  # fmt: skip

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self)

            def do_POST(self) -> None:
                server._answer(self)

            def log_message(self, format: str, *_: object) -> None:  # the base's name
                """Writes nothing."""

        return Handler

    def _answer(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(min(int(asked.headers.get("Content-Length") or "0"), BODY_MAX))
        with self._lock:
            status, headers, said = self._said(asked, body)
            self._kept = keep_known(self.emulator.trades, self._keep, self._kept)
            mute_s = self.emulator.trades.mood.mute_s
        if mute_s and not asked.path.startswith("/-/"):
            self._stop.wait(mute_s)
        asked.send_response(status)
        for name, value in headers.items():
            asked.send_header(name, value)
        asked.send_header("Content-Length", str(len(said)))
        asked.end_headers()
        asked.wfile.write(said)

    def _said(self, asked: BaseHTTPRequestHandler, body: bytes) -> _Out:
        headers = {name.lower(): value for name, value in asked.headers.items()}
        try:
            if asked.path == payer.PAGE or asked.path.startswith(payer.PLACE):
                return 200, {"Content-Type": "text/html; charset=utf-8"}, self._page(asked.command, asked.path)
            if asked.path.startswith("/-/"):
                return 200, {}, json.dumps(self.play(asked.path, json.loads(body or b"{}"))).encode()
            return self.emulator.handle(asked.command, asked.path, headers, body, int(self._clock()))
        except (ValueError, KeyError, TypeError):
            return 400, {}, b"{}"

    def _page(self, method: str, path: str) -> bytes:
        trades, (number, _, query) = self.emulator.trades, path.removeprefix(payer.PLACE).partition("?")
        if path == payer.PAGE:
            return payer.listed(trades.all.values())
        if method == "POST":
            trades.pay(number, int(self._clock()))
        return payer.shown(trades.all.get(number), query)

    def _call_back(self) -> None:
        while not self._stop.wait(LOOK_S):
            now_s = int(self._clock())
            with self._lock:
                due = [self.emulator.callback(one, now_s) for one in self.emulator.trades.due(now_s)]
            for headers, body in due:
                self._post(headers, body)

    def _line(self, host: str) -> http.client.HTTPConnection:
        port = self._notify.port
        if self._context is None:
            return http.client.HTTPConnection(host, port or 80, timeout=POST_S)
        return http.client.HTTPSConnection(host, port or 443, timeout=POST_S, context=self._context)

    def _post(self, headers: dict[str, str], body: bytes) -> None:
        """Whether it is taken or not: the next one is owed already."""
        if not self._notify.hostname:
            return
        line = self._line(self._notify.hostname)
        try:
            line.request("POST", self._notify.path or "/", body, headers)
            line.getresponse().read()
            self.calls += 1
        except (OSError, http.client.HTTPException):
            return
        finally:
            line.close()


class Keeps(Protocol):
    """Whose knowledge lasts."""

    def kept(self) -> dict[str, Any]: ...

    def know(self, kept: dict[str, Any]) -> None: ...


def know_again(keeps: Keeps, keep: Path | None) -> str:
    """What the file says of earlier, which is known from now on; '' where there is none."""
    said = keep.read_text(encoding="utf-8") if keep is not None and keep.exists() else ""
    if said:
        keeps.know(json.loads(said))
    return said


def keep_known(keeps: Keeps, keep: Path | None, kept: str) -> str:
    """The file says what is known; kept: what it says."""
    said = json.dumps(keeps.kept()) if keep is not None else kept
    if keep is not None and said != kept:
        part = keep.with_name(f".{keep.name}.part")
        part.write_text(said, encoding="utf-8")
        part.replace(keep)
    return said
