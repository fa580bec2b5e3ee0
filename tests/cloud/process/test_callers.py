"""Silent, slow and many callers of an HTTPS server, on a real port, with and without a word of TLS."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from cloud.process.bodies import whole_body
from cloud.process.callers import CallBounds
from tests.cloud.campus import Campus
from tests.cloud.process.served import Served, get, heard, served

BOUNDS = CallBounds(in_all=6, of_address=4, ask_s=0.5)
PATIENT = CallBounds(in_all=6, of_address=4, ask_s=600.0)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    await whole_body(receive, 100, 600.0)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    if scope["path"] == "/stream":
        await receive()
    await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
def hasty(provisioned: Campus) -> Iterator[Served]:
    with served(application, provisioned, BOUNDS) as where:
        yield where


@pytest.fixture
def patient(provisioned: Campus) -> Iterator[Served]:
    with served(application, provisioned, PATIENT) as where:
        yield where


def test_who_says_nothing_is_closed_before_tls_and_after(hasty: Served) -> None:
    with hasty.plain() as silent, hasty.call() as agreed, hasty.call() as dripping:
        dripping.sendall(b"GET / HT")
        assert [heard(caller) for caller in (silent, agreed, dripping)] == [b"", b"", b""]


def test_a_caller_that_asks_again_is_not_late(hasty: Served) -> None:
    with hasty.call() as caller:
        caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while not (answer := caller.recv(4096)).endswith(b"0\r\n\r\n"):
            assert answer
        caller.sendall(get("/"))
        assert heard(caller).startswith(b"HTTP/1.1 200")


def test_a_full_address_ends_its_own_oldest_silent_call(patient: Served) -> None:
    with ExitStack() as stack:
        other = stack.enter_context(patient.plain("127.0.0.2"))
        silent = [stack.enter_context(patient.plain()) for _ in range(BOUNDS.of_address)]
        assert patient.ask(get("/")).startswith(b"HTTP/1.1 200")
        assert heard(silent[0]) == b""
        other.settimeout(0.1)
        with pytest.raises(TimeoutError):
            other.recv(1)


def test_a_full_server_ends_its_oldest_silent_call_and_a_real_one_gets_in(patient: Served) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(patient.plain(f"127.0.0.{n}")) for n in range(2, 2 + BOUNDS.in_all)]
        assert patient.ask(get("/")).startswith(b"HTTP/1.1 200")
        assert heard(silent[0]) == b""


def test_an_unfinished_body_makes_room_too(patient: Served) -> None:
    with ExitStack() as stack:
        unfinished = [stack.enter_context(patient.call()) for _ in range(BOUNDS.of_address)]
        for caller in unfinished:
            caller.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
        assert patient.ask(get("/")).startswith(b"HTTP/1.1 200")


def test_who_is_being_answered_is_never_ended_for_another(patient: Served) -> None:
    with ExitStack() as stack:
        streams = [stack.enter_context(patient.call()) for _ in range(BOUNDS.of_address)]
        for caller in streams:
            caller.sendall(get("/stream"))
            assert b"begun" in caller.recv(4096) + caller.recv(4096)
        with patient.plain() as one_too_many:
            assert heard(one_too_many) == b""
        assert patient.ask(get("/"), "127.0.0.2").startswith(b"HTTP/1.1 200")
        for caller in streams:
            caller.settimeout(0.1)
            with pytest.raises(TimeoutError):
                caller.recv(1)
