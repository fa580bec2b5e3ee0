"""The console's shell on a real port: unfinished requests, refusals, streams and who is too many."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cloud.console.accounts import Accounts
from cloud.console.asgi import FORM_MAX, WSGI_THREADS, Shell
from cloud.console.live import Live
from cloud.console.pages.sign_in import Sources
from cloud.console.shell import create_pages, renderer
from tests.cloud.campus import Campus
from tests.cloud.console.test_shell import SNAPSHOT
from tests.cloud.process.served import Served, get, heard, served

BODY_S = 1.0
UNFINISHED = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nname="


@dataclass(frozen=True, slots=True)
class Console:
    """A console that serves, and who may sign in to it."""

    at: Served
    accounts: Accounts

    def cookie(self) -> str:
        """A new session, as a header."""
        return f"Cookie: ykt_session={self.accounts.open_session('admin', int(time.time()))}"


@pytest.fixture
def console(provisioned: Campus, tmp_path: Path) -> Iterator[Console]:
    accounts = Accounts(tmp_path / "console.db")
    pages = create_pages(Sources(lambda: SNAPSHOT, lambda *_: [], lambda *_: [], accounts, "token", secure=True))
    live = Live(lambda: SNAPSHOT, renderer(pages), lambda: int(time.time() * 1000))
    shell = Shell(pages, live, lambda token: accounts.session(token, int(time.time())) is not None, BODY_S)
    with served(shell, provisioned) as where:
        yield Console(where, accounts)
    accounts.close()


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
    with served(Shell(slow_forms, live, lambda _: True), provisioned) as where, ExitStack() as stack:
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
def test_a_body_that_is_too_long_is_refused(console: Console, size: str) -> None:
    answer = console.at.ask(b"POST /login HTTP/1.1\r\nHost: x\r\n" + size.encode() + b"x" * (FORM_MAX + 1))
    assert answer.startswith(b"HTTP/1.1 413")
    assert "请求过长".encode() in answer


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
