"""Door to requests, which both libraries of sign-on speak HTTP through: bounded in time and size, and never sent on.

A redirect is an answer like any other, and none that we believe; proxies of the environment are not asked.
"""

import time
from contextlib import closing
from contextvars import ContextVar
from http.client import HTTPConnection
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, connection
from urllib3.exceptions import HTTPError

from cloud.process.cut_off import cut_off_after
from cloud.wallet.sso.terms import SsoFault

CONNECT_S, READ_S = 3.0, 5.0
WHOLE_S = 10.0
"""Of one answer, however it comes: its head, too."""
BODY_MAX, PIECE = 64 * 1024, 16 * 1024
_LINES: ContextVar[list[HTTPConnection]] = ContextVar("lines")
"""Of the exchange of now: the library keeps its connections to itself."""


class _Plain(connection.HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _LINES.get().append(self)


class _Secured(connection.HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _LINES.get().append(self)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecuredPool(HTTPSConnectionPool):
    ConnectionCls = _Secured


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  # those of the adapter above
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecuredPool}


class Bounded(requests.Session):
    """A session for one exchange. ca: a file that is trusted beside nobody else; '': the machine's own."""

    def __init__(self, *args: Any, ca: str = "", **options: Any) -> None:  # noqa: ANN401  # those of the session below
        super().__init__(*args, **options)
        self.trust_env = False
        self.verify = ca or True
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401
        """SsoFault: no answer in time, or too long a one."""
        options.update(timeout=(CONNECT_S, READ_S), allow_redirects=False, stream=True)
        until_s, lines = time.monotonic() + WHOLE_S, list[HTTPConnection]()
        request.headers["Connection"] = "close"  # a kept one would not be among the lines of a second exchange
        _LINES.set(lines)
        try:
            with cut_off_after(WHOLE_S, lambda: [line.sock for line in lines]):
                answer = super().send(request, **options)
                with closing(answer.raw):
                    answer._content = _body(answer, until_s)  # noqa: SLF001  # where the library keeps what it has read
        except (requests.RequestException, HTTPError, OSError) as fault:
            raise SsoFault(f"no answer: {type(fault).__name__}") from None
        return answer


def _body(answer: requests.Response, until_s: float) -> bytes:
    """All of it, by pieces as they come: one that drips is given up as one that hangs."""
    body = bytearray()
    while piece := answer.raw.read1(PIECE, decode_content=True):
        body += piece
        if len(body) > BODY_MAX:
            raise SsoFault("an answer that is too long")
        if time.monotonic() > until_s:
            raise SsoFault("an answer that drips")
    return bytes(body)
