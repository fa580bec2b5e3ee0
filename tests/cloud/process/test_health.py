"""/healthz, /readyz and the page: what is true now, to whoever asks on loopback, and nothing else."""

import asyncio
import http.client
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.process.health import HOST, healthy
from shared.words.health import CALLERS_MAX, HEAD_MAX, Health, answer_to, page_of, spread
from tests.patience import PATIENCE_S

WELL = Health(page="ykt_box_plain 0\n")


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    with closing(http.client.HTTPConnection(HOST, port, timeout=PATIENCE_S)) as line:
        line.request(method, path)
        with line.getresponse() as answer:
            return answer.status, answer.read().decode()


@pytest.fixture
def now() -> list[Health]:
    return [WELL]


@pytest.fixture
def port(now: list[Health], capsys: pytest.CaptureFixture[str]) -> Iterator[int]:
    stop, is_up = asyncio.Event(), threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with healthy(0, lambda: now[0]):
            is_up.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert is_up.wait(PATIENCE_S)
    yield int(capsys.readouterr().out.removeprefix(f"HEALTH {HOST}:"))
    loops[0].call_soon_threadsafe(stop.set)
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_who_works_is_healthy_and_ready(port: int) -> None:
    assert ask(port, "/healthz") == ask(port, "/readyz") == (200, "ok\n")
    assert ask(port, "/metrics") == (200, "ykt_box_plain 0\n")


def test_who_waits_lives_and_says_for_whom(port: int, now: list[Health]) -> None:
    now[0] = WELL._replace(waits=("ledger", "broker"))
    assert ask(port, "/healthz")[0] == 200
    assert ask(port, "/readyz") == (503, "waits for ledger, broker\n")


def test_one_that_ails_is_neither(port: int, now: list[Health]) -> None:
    now[0] = WELL._replace(ails="turn 31.0 s")
    assert [ask(port, path) for path in ("/healthz", "/readyz")] == [(503, "turn 31.0 s\n")] * 2


@pytest.mark.parametrize(("path", "method", "status"), [("/", "GET", 404), ("/healthz", "POST", 405)])
def test_nothing_else_is_served(port: int, path: str, method: str, status: int) -> None:
    assert ask(port, path, method)[0] == status


def test_silent_callers_and_endless_questions_keep_nobody_out_for_long(port: int) -> None:
    silent = [socket.create_connection((HOST, port), 10) for _ in range(CALLERS_MAX)]
    try:
        with socket.create_connection((HOST, port), 10) as more:
            assert more.recv(1) == b"", "closed at once"
        for one in silent:
            one.sendall(b"x" * (2 * HEAD_MAX))
            try:
                assert one.recv(1) == b"", "too long to be a question"
            except ConnectionResetError:
                continue
        assert ask(port, "/healthz")[0] == 200
    finally:
        for one in silent:
            one.close()


@pytest.mark.parametrize("head", [b"", b"\xff\xfe", b"GET", b"GET / HTTP/1.1 more", b"\r\n\r\n"])
def test_what_is_no_question_gets_an_answer_without_a_word_of_it(head: bytes) -> None:
    assert answer_to(head, lambda: WELL).startswith(b"HTTP/1.1 405 ")


def test_a_page_has_numbers_alone() -> None:
    assert page_of("ingest", {"posted": 3, "last_fault": "secret", "connected": True}) == (
        "# TYPE ykt_ingest_connected gauge\nykt_ingest_connected 1\n"
        "# TYPE ykt_ingest_posted gauge\nykt_ingest_posted 3\n"
    )
    assert spread("commit", [0.1, 0.3, 0.2]) == {"commit_p50_s": 0.2, "commit_p99_s": 0.3}
    assert spread("commit", []) == {}


def test_a_socket_in_the_place_of_a_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever looks after it may live in another network namespace; its group may ask, and nobody else."""
    at = tmp_path / "health.sock"

    async def asked() -> bytes:
        async with healthy(at, lambda: WELL):
            assert stat.S_IMODE(at.stat().st_mode) == 0o660
            reader, writer = await asyncio.open_unix_connection(at)
            writer.write(b"GET /readyz HTTP/1.1\r\n\r\n")
            said = await reader.read()
            writer.close()
            return said

    for _ in range(2):
        assert asyncio.run(asked()).startswith(b"HTTP/1.1 200 ")
        with closing(socket.socket(socket.AF_UNIX)) as left:  # as a killed one leaves it behind
            at.unlink(missing_ok=True)
            left.bind(str(at))
    assert capsys.readouterr().out == f"HEALTH {at}\n" * 2
