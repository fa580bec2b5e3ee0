"""A provider over HTTPS: one request, one answer, to the host that is configured; no redirect, no proxy.

The standard library's client: it is what the watch's signed posts go by, and a provider needs no more (a request a
second, no pool). Neither an address, a header nor a body is in any fault.
"""

import http.client
import secrets
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from cloud.payments.providers.interface import (
    BILL_MAX,
    BODY_MAX,
    Adapter,
    Answer,
    Back,
    BackSeen,
    Bill,
    Headers,
    KeyEnd,
    Moment,
    ProviderFault,
    Refusal,
    Request,
    Seen,
    Settlement,
    Wanted,
)
from cloud.process.cut_off import cut_off_after

ANSWER_S = 10.0
"""Longest that one step of a request may take."""
WHOLE_S = 20.0
"""Longest that a whole answer may take; a bill has BILL_S."""
BILL_S = 120.0
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a provider is. bills: another host that its files may lie at. ca: PEM; empty: the system's."""

    host: str
    port: int
    is_plain: bool = False
    bills: tuple[tuple[str, int], ...] = field(default=())
    ca: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'http' if self.is_plain else 'https'}://{self.host}:{self.port}"


class HttpDoor:
    """An adapter and its place."""

    reverses = False

    def __init__(self, adapter: Adapter, place: Place, clock: Callable[[], float] = time.time) -> None:
        self._adapter, self._place, self._clock = adapter, place, clock
        self.name = adapter.name

    def opener(self, code: str) -> str:
        """See Door."""
        return self._adapter.opened(self._sent(self._adapter.opener(code, self._now()), BODY_MAX, WHOLE_S))

    def make(self, wanted: Wanted) -> str:
        """See Door."""
        request = self._adapter.make(wanted, self._now())
        if request.method == "GET":
            return f"{self._place.origin}{request.path}"
        return self._ask(request, lambda a, n: self._adapter.made(wanted, a, n))

    def query(self, number: str) -> Seen:
        """See Door."""
        return self._ask(self._adapter.query(number, self._now()), lambda a, n: self._adapter.queried(number, a, n))

    def close(self, number: str) -> None:
        """See Door."""
        self._ask(self._adapter.close(number, self._now()), lambda a, n: self._adapter.closed(number, a, n))

    def refund(self, back: Back) -> Refusal | None:
        """See Door."""
        request = self._adapter.refund(back, self._now())
        return self._ask(request, lambda a, n: self._adapter.refund_taken(back.refund, a, n))

    def refunded(self, number: str, refund: str) -> BackSeen:
        """See Door."""
        request = self._adapter.refund_query(number, refund, self._now())
        return self._ask(request, lambda a, n: self._adapter.refund_queried(refund, a, n))

    def woken(self, headers: Headers, body: bytes) -> str:
        """See Door. Nothing leaves."""
        return self._adapter.woken(headers, body, self._now())

    def bill(self, day: str) -> Bill:
        """See Door."""
        request, promised = self._ask(self._adapter.bill(day, self._now()), self._adapter.bill_place)
        answer = self._sent(request, BILL_MAX, BILL_S)
        return self._adapter.bill_read(answer, promised, day)

    def settlement(self, day: str) -> Settlement:
        """See Door."""
        request, promised = self._ask(self._adapter.settlement(day, self._now()), self._adapter.bill_place)
        answer = self._sent(request, BILL_MAX, BILL_S)
        return self._adapter.settlement_read(answer, promised, day)

    def key_ends(self) -> list[KeyEnd]:
        """See Door."""
        return self._adapter.key_ends(self._now())

    def _ask(self, request: Request, read: Callable[[Answer, Moment], _Value]) -> _Value:
        answer = self._sent(request, BODY_MAX, WHOLE_S)
        return read(answer, self._now())

    def _now(self) -> Moment:
        return Moment(int(self._clock()), secrets.token_hex(16))

    def _sent(self, request: Request, most: int, within_s: float) -> Answer:
        host, port, path = self._where(request.path)
        last_s = time.monotonic() + within_s
        try:
            with closing(self._line(host, port)) as line, cut_off_after(within_s, lambda: [line.sock]):
                line.request(request.method, path, request.body or None, request.headers)
                with line.getresponse() as answer:
                    body = _read(answer, most, last_s)
                    return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, body)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise ProviderFault(f"HTTP: {type(fault).__name__}") from None

    def _where(self, path: str) -> tuple[str, int, str]:
        """Of a path, this provider; of a whole address, one of its hosts and no other."""
        if path.startswith("/"):
            return self._place.host, self._place.port, path
        parts = urlsplit(path)
        port = parts.port or (80 if parts.scheme == "http" else 443)
        own = (self._place.host, self._place.port)
        if (parts.hostname, port) not in (own, *self._place.bills):
            raise ProviderFault("something at a host that is not the provider's", is_forged=True)
        return str(parts.hostname), port, parts.path + (f"?{parts.query}" if parts.query else "")

    def _line(self, host: str, port: int) -> http.client.HTTPConnection:
        if self._place.is_plain:
            return http.client.HTTPConnection(host, port, timeout=ANSWER_S)
        context = ssl.create_default_context(cafile=self._place.ca or None)
        return http.client.HTTPSConnection(host, port, timeout=ANSWER_S, context=context)


def _read(answer: http.client.HTTPResponse, most: int, last_s: float) -> bytes:
    """Whole, or a fault: half of an answer says nothing."""
    said = bytearray()
    while more := answer.read1(min(most + 1 - len(said), 1 << 16)):
        said += more
        if len(said) > most or time.monotonic() > last_s:
            raise TimeoutError
    if answer.length or time.monotonic() > last_s:  # it ended before its length, or was cut off above
        raise TimeoutError
    return bytes(said)
