"""The ASGI shell: `/events` and the line of card desks natively, everything else through Flask (DESIGN 8: one process,
one port).

A request takes a worker thread once its body is whole, and its answer holds none, as it fits the bridge's queue. A
stream ends when its viewer goes or its session ends: `http.disconnect` is awaited, because a send to a gone client is
silently ignored.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from http.cookies import CookieError, SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from a2wsgi import WSGIMiddleware

from cloud.console.desks.kept import Desks
from cloud.console.desks.line import DeskLine
from cloud.console.live.live import Live, View
from cloud.console.live.seats import SeatBounds, Seats
from cloud.process.bodies import BODY_S, Receive, Refused, Scope, Send, refuse, replayed, whole_body
from shared.wire.desk.line import LINE_PATH

WSGI_THREADS = 8
FORM_MAX = 16 * 1024
TEXT_MAX = 320 * 1024
"""Octets of a form that holds a file's text; from nobody but who has signed in."""
TEXT_PATHS = ("/rules/", "/notify/", "/groups/")
FORMS_AT_ONCE = 4
"""Threads that forms may take; a password's check is dear, and pages go on beside any number of them."""
FORM_TURN_S = 20.0
"""A form waits so long for its turn, then it is refused."""
UPLOADS = "/uploads/"
"""Below it files are taken, from whoever has signed in, one at a time; every other form has FORM_MAX."""
UPLOAD_MAX = 8 * 1024 * 1024
UPLOAD_S = 60.0
"""A file must be here within so long; then the next one has its turn."""
RETRY_S = 30
"""Who was refused may come again after so long."""
SESSION_CHECK_S = 2.0
"""A stream outlives its session by no more."""
SESSION_COOKIE = "ykt_session"
AS_COOKIE = "ykt_as"
"""The role as which somebody looks at the console."""
QUERY_MAX = 200
"""Characters of a stream's address that are read."""

SSE_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Shell:
    """The application that uvicorn serves. `viewer`: (session token, role to look as, language, what it shows) → how
    the stream is seen by it; None: not at all."""

    def __init__(
        self,
        flask_app: Any,  # noqa: ANN401  # WSGI
        live: Live,
        viewer: Callable[[str, str, str, str], View | None],
        body_s: float = BODY_S,
        seats: SeatBounds | None = None,
        desks: Desks | None = None,
    ) -> None:
        pages: Any = WSGIMiddleware(flask_app, workers=WSGI_THREADS)  # its event types are its own
        self._body_s = body_s
        self._seats = Seats(seats or SeatBounds())
        self._forms = asyncio.Semaphore(FORMS_AT_ONCE)
        self._upload_turn = asyncio.Lock()
        self._flask: Callable[[Scope, Receive, Send], Awaitable[None]] = pages
        self._live = live
        self._viewer = viewer
        self._reader: asyncio.Task[None] | None = None
        self.ending = asyncio.Event()
        """The process ends: so do its streams, in order."""
        self._desks = DeskLine(desks, self.ending) if desks else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/events":
            await self._events(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == LINE_PATH and self._desks:
            await self._desks(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(UPLOADS):
            await self._upload(scope, receive, send)
        elif scope["type"] == "http":
            await self._pages(scope, receive, send)

    async def _pages(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await whole_body(receive, self._most(scope), self._body_s)
        if isinstance(body, Refused):
            await refuse(send, body)
        elif scope["method"] in ("GET", "HEAD"):
            await self._flask(scope, replayed(body, receive), send)
        else:
            await self._form(scope, replayed(body, receive), send)

    def _most(self, scope: Scope) -> int:
        if not scope["path"].startswith(TEXT_PATHS):
            return FORM_MAX
        return TEXT_MAX if self._is_signed(scope) else FORM_MAX

    def _is_signed(self, scope: Scope) -> bool:
        return self._viewer(cookie_of(scope, SESSION_COOKIE), "", "", "") is not None

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What is held of a file is in memory: no stranger's, and no two at once."""
        if not self._is_signed(scope):
            await refuse(send, 401)
        elif self._upload_turn.locked():
            await refuse(send, 503, retry_s=RETRY_S)
        else:
            async with self._upload_turn:
                body = await whole_body(receive, UPLOAD_MAX, UPLOAD_S)
                if isinstance(body, Refused):
                    await refuse(send, body)
                else:
                    await self._form(scope, replayed(body, receive), send)

    async def _form(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.wait_for(self._forms.acquire(), FORM_TURN_S)
        except TimeoutError:
            await refuse(send, 503, retry_s=RETRY_S)
            return
        try:
            await self._flask(scope, receive, send)
        finally:
            self._forms.release()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._live.refresh()
        self._reader = asyncio.create_task(self._live.run(), name="live")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._reader.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _events(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = cookie_of(scope, SESSION_COOKIE)
        seen = _Asked(token, cookie_of(scope, AS_COOKIE), *_asked(scope["query_string"]))
        view = self._viewer(*seen)
        if view is None:
            await refuse(send, 401)
            return
        with self._seats.taken(token, scope["client"][0]) as has_seat:
            if has_seat:
                await self._watch(seen, view, receive, send)
            else:
                await refuse(send, 503, retry_s=RETRY_S)

    async def _watch(self, asked: "_Asked", view: View, receive: Receive, send: Send) -> None:
        """Until the viewer goes, process or session ends, or he may see something else: the answer ends in order."""
        await send({"type": "http.response.start", "status": 200, "headers": SSE_HEADERS})
        tasks = [
            asyncio.create_task(self._stream(view, send), name="viewer"),
            asyncio.create_task(_gone(receive), name="viewer-gone"),
            asyncio.create_task(self._ends(), name="viewer-ends"),
            asyncio.create_task(self._seen_otherwise(asked, view), name="viewer-seen-otherwise"),
        ]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await send({"type": "http.response.body", "body": b""})
        await asyncio.gather(*done)

    async def _stream(self, view: View, send: Send) -> None:
        async with aclosing(self._live.frames(view)) as frames:
            async for frame in frames:
                await send({"type": "http.response.body", "body": frame, "more_body": True})

    async def _ends(self) -> None:
        await self.ending.wait()

    async def _seen_otherwise(self, asked: "_Asked", view: View) -> None:
        while self._viewer(*asked) == view:  # noqa: ASYNC110 - it ends in a file, and by time
            await asyncio.sleep(SESSION_CHECK_S)


class _Asked(NamedTuple):
    """Who asks for a stream, in which language, and what he shows of it."""

    token: str
    role: str
    language: str
    shows: str


def _asked(query: bytes) -> tuple[str, str]:
    said = parse_qs(query.decode("latin-1")[:QUERY_MAX])
    return ("en" if said.get("lang") == ["en"] else "zh"), said.get("show", [""])[0]


def cookie_of(scope: Scope, name: str) -> str:
    """A cookie of a request, or ''."""
    raw = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    try:
        cookie = SimpleCookie(raw.decode("latin-1")).get(name)
    except CookieError:
        return ""
    return cookie.value if cookie else ""


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
