"""Plain HTTP to a store: /write of InfluxDB 1.x, and questions to any. No redirect is followed, no proxy is asked."""

import http.client
import ssl
from base64 import b64encode
from contextlib import closing
from urllib.parse import urlencode

from cloud.watch.metrics.away import NEVER, MetricsAway
from cloud.watch.metrics.settings import MetricStore

ANSWER_S = 5.0
"""Longest that one step of a request may take."""
ANSWER_MAX = 16 * 1024 * 1024
"""Most octets of an answer; a longer one is no answer."""
_TAKEN = range(200, 300)


class V1Writer:
    """A connection for each batch."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store

    def write(self, lines: str) -> None:
        """MetricsAway."""
        target = f"/write?{urlencode({'db': self._store.bucket, 'precision': 'ms'})}"
        call(self._store, "POST", target, lines.encode())


def ask(store: MetricStore, path: str, arguments: dict[str, str]) -> bytes:
    """What the store answers. MetricsAway."""
    return call(store, "GET", f"{path}?{urlencode(arguments)}", None)


def call(store: MetricStore, method: str, target: str, body: bytes | None) -> bytes:
    """One request. MetricsAway: it was not answered, not with success, or too long."""
    try:
        with closing(_line(store)) as line:
            line.request(method, target, body, _head(store))
            with line.getresponse() as answer:
                said = answer.read(ANSWER_MAX + 1)
    except (OSError, http.client.HTTPException) as fault:
        raise MetricsAway(f"HTTP: {type(fault).__name__}") from None
    if answer.status not in _TAKEN:
        raise MetricsAway(f"HTTP {answer.status}", for_good=answer.status in NEVER)
    if len(said) > ANSWER_MAX:
        raise MetricsAway(f"HTTP: > {ANSWER_MAX}")
    return said


def _line(store: MetricStore) -> http.client.HTTPConnection:
    scheme, host, port = store.place
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=ANSWER_S)
    context = ssl.create_default_context(cafile=store.ca or None)
    return http.client.HTTPSConnection(host, port, timeout=ANSWER_S, context=context)


def _head(store: MetricStore) -> dict[str, str]:
    """1.x knows a user and a password, 2 and 3 a token."""
    if not store.token:
        return {}
    if ":" in store.token:
        return {"Authorization": f"Basic {b64encode(store.token.encode()).decode()}"}
    return {"Authorization": f"Token {store.token}"}
