"""The console's shell on a real port: unfinished requests, refusals, streams and who is too many."""

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cloud.console.access.accounts import Accounts
from cloud.console.access.rights import Grant, Role
from cloud.console.app import viewer
from cloud.console.asgi import FORM_MAX, UPLOAD_MAX, UPLOADS, WSGI_THREADS, Shell
from cloud.console.frame.sources import Shown
from cloud.console.live.live import Live, View
from cloud.console.live.seats import SeatBounds
from cloud.console.shell import create_pages, renderer
from tests.cloud.campus import Campus
from tests.cloud.console.rig import made
from tests.cloud.console.test_shell import SNAPSHOT
from tests.cloud.process.served import PATIENCE_S, Served, get, heard, served

BODY_S = 1.0
SEATS = SeatBounds(in_all=5, of_session=2, of_address=3)
UNFINISHED = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nname="


@dataclass(frozen=True, slots=True)
class Console:
    """A console that serves, and who may sign in to it."""

    at: Served
    accounts: Accounts
    live: Live

    def viewers(self) -> int:
        """How many streams are open."""
        return self.live.viewers

    def cookie(self) -> str:
        """A new session, as a header."""
        return f"Cookie: ykt_session={self.accounts.open_session('admin', int(time.time()))}"


@pytest.fixture
def console(provisioned: Campus, tmp_path: Path) -> Iterator[Console]:
    live: Live
    with made(tmp_path) as rig:
        accounts = rig.sources.accounts
        accounts.set_grants("admin", [Grant(Role.ADMIN)])
        shown = Shown(lambda: SNAPSHOT, lambda view: live.fragment(view))
        pages = create_pages(replace(rig.sources, live=shown))
        live = Live(lambda: SNAPSHOT, renderer(pages), lambda: int(time.time() * 1000))
        shell = Shell(pages, live, lambda *asked: viewer(accounts, *asked), BODY_S, SEATS)
        with served(shell, provisioned) as where:
            yield Console(where, accounts, live)


def test_unfinished_logins_stop_no_page(console: Console) -> None:
    with ExitStack() as stack:
        unfinished = [stack.enter_context(console.at.call()) for _ in range(3 * WSGI_THREADS)]
        for caller in unfinished:
            caller.sendall(UNFINISHED)
        assert console.at.ask(get("/login")).startswith(b"HTTP/1.1 200")
        for caller in unfinished:
            assert heard(caller).startswith(b"HTTP/1.1 408")


def test_forms_that_take_long_leave_threads_to_pages(provisioned: Campus) -> None:
    over = threading.Event()

    def slow_forms(environ: Any, start: Any) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            over.wait()
        start("200 OK", [])
        return [b"done"]

    live = Live(lambda: SNAPSHOT, lambda *_: "", lambda: 0)
    with served(Shell(slow_forms, live, lambda *_: View("zh")), provisioned) as where, ExitStack() as stack:
        forms = [stack.enter_context(where.call()) for _ in range(2 * WSGI_THREADS)]
        for caller in forms:
            caller.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        try:
            assert where.ask(get("/")).endswith(b"done\r\n0\r\n\r\n")
        finally:
            over.set()
        assert {heard(caller)[-11:-7] for caller in forms} == {b"done"}


@pytest.mark.parametrize(
    "size", [f"Content-Length: {FORM_MAX + 1}\r\n\r\n", f"Transfer-Encoding: chunked\r\n\r\n{FORM_MAX + 1:x}\r\n"]
)
@pytest.mark.parametrize("path", [b"/login", b"/rules/push"])
def test_a_body_that_is_too_long_is_refused(console: Console, size: str, path: bytes) -> None:
    """A file's text may be longer, of whoever has signed in."""
    answer = console.at.ask(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + size.encode() + b"x" * (FORM_MAX + 1))
    assert answer.startswith(b"HTTP/1.1 413")
    assert "请求过长".encode() in answer


def upload(size: int, *heads: str) -> bytes:
    lines = [f"POST {UPLOADS}nothing HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {size}", *heads]
    return "\r\n".join((*lines, "", "")).encode()


def test_a_file_is_taken_from_whoever_has_signed_in_up_to_a_bound_of_its_own(console: Console) -> None:
    body = b"x" * (FORM_MAX + 1)
    assert console.at.ask(upload(len(body)) + body).startswith(b"HTTP/1.1 401")
    assert console.at.ask(upload(len(body), console.cookie()) + body).startswith(b"HTTP/1.1 404")
    body = b"x" * (UPLOAD_MAX + 1)
    assert console.at.ask(upload(len(body), console.cookie()) + body).startswith(b"HTTP/1.1 413")


def test_one_file_is_taken_at_a_time_and_pages_go_on(console: Console) -> None:
    with console.at.call() as first:
        first.sendall(upload(9, console.cookie()) + b"x")
        patience = time.monotonic() + PATIENCE_S
        while not (answer := console.at.ask(upload(1, console.cookie()) + b"x")).startswith(b"HTTP/1.1 503"):
            assert time.monotonic() < patience, answer
        assert b"\r\nretry-after: 30\r\n" in answer
        assert console.at.ask(get("/login")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("path", "status"), [("/events", 401), ("/api/v1/overview", 401), ("/nowhere", 302), ("/login", 200)]
)
def test_policy_and_status_for_a_stranger(console: Console, path: str, status: int) -> None:
    head = console.at.ask(get(path)).split(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 %d" % status)
    assert [head.count(b"\r\n" + name) for name in (b"content-security-policy:", b"strict-transport-security:")] == [
        1,
        1,
    ]
    assert b"cache-control: no-store" in head


def watch(console: Console, stack: ExitStack, cookie: str, address: str = "127.0.0.1") -> tuple[ssl.SSLSocket, int]:
    """A stream that was asked for, and the status that came; one that is refused has said all there is."""
    caller = stack.enter_context(console.at.call(address=address))
    caller.sendall(get("/events", cookie))
    return caller, int(caller.recv(12).split()[1])


def test_a_session_an_address_and_all_have_their_bounds_and_the_page_falls_back(console: Console) -> None:
    with ExitStack() as stack:
        one, other, third = console.cookie(), console.cookie(), console.cookie()
        assert [watch(console, stack, one)[1] for _ in range(3)] == [200, 200, 503]
        assert [watch(console, stack, other)[1] for _ in range(2)] == [200, 503]
        assert [watch(console, stack, third, "127.0.0.2")[1] for _ in range(2)] == [200, 200]
        assert watch(console, stack, console.cookie(), "127.0.0.3")[1] == 503
        answer = console.at.ask(get("/events", console.cookie()))
        assert b"\r\nretry-after: 30\r\n" in answer
        fragment = json.loads(console.at.ask(get("/api/v1/live?lang=en&show=overview", one)).split(b"\r\n\r\n", 1)[1])
        assert "In balance" in fragment["html"]
    with ExitStack() as stack:
        patience = time.monotonic() + PATIENCE_S
        while watch(console, stack, one)[1] != 200:
            assert time.monotonic() < patience, "streams that are over keep their seats"


def test_a_stream_ends_in_order_with_its_process() -> None:
    said: list[Any] = []

    async def watched() -> None:
        live = Live(lambda: SNAPSHOT, lambda *_: "", lambda: 0)
        shell = Shell(lambda *_: [], live, lambda *_: View("zh"))
        begun = asyncio.Event()

        async def hear(message: Any) -> None:
            said.append(message)
            begun.set()

        scope = {"type": "http", "path": "/events", "query_string": b"", "headers": [], "client": ("127.0.0.1", 1)}
        stream = asyncio.create_task(shell(scope, asyncio.Event().wait, hear))
        await begun.wait()
        shell.ending.set()
        await asyncio.wait_for(stream, PATIENCE_S)

    asyncio.run(watched())
    assert said[-1] == {"type": "http.response.body", "body": b""}


def test_a_stream_ends_with_its_session(console: Console) -> None:
    with ExitStack() as stack:
        token = console.accounts.open_session("admin", int(time.time()))
        ended, _ = watch(console, stack, f"Cookie: ykt_session={token}")
        kept, _ = watch(console, stack, console.cookie())
        console.accounts.close_session(token)
        assert heard(ended).endswith(b"0\r\n\r\n")
        assert console.viewers() == 1
        kept.close()
