"""/healthz, /readyz and the page: what is true now, to whoever asks on loopback, and nothing else."""

import http.client
from collections.abc import Iterator
from contextlib import closing

import pytest

from cloud.watch.metrics.health import HOST, OLD_S, Health, HealthServer

WELL = Health(0.1, is_ledger_read=True, page="ykt_box_plain 0\n")


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    with closing(http.client.HTTPConnection(HOST, port, timeout=10)) as line:
        line.request(method, path)
        with line.getresponse() as answer:
            return answer.status, answer.read().decode()


@pytest.fixture
def now() -> list[Health]:
    return [WELL]


@pytest.fixture
def port(now: list[Health]) -> Iterator[int]:
    with closing(HealthServer(0, lambda: now[0])) as server:
        yield server.port


def test_a_watch_that_turns_is_healthy_and_ready(port: int) -> None:
    assert ask(port, "/healthz") == ask(port, "/readyz") == (200, "ok\n")
    assert ask(port, "/metrics") == (200, "ykt_box_plain 0\n")


def test_without_the_ledger_it_lives_and_is_not_ready(port: int, now: list[Health]) -> None:
    now[0] = WELL._replace(is_ledger_read=False)
    assert ask(port, "/healthz")[0] == 200
    assert ask(port, "/readyz") == (503, "ledger away\n")


def test_one_that_hangs_is_neither(port: int, now: list[Health]) -> None:
    now[0] = WELL._replace(turn_s=OLD_S + 1)
    assert [ask(port, path)[0] for path in ("/healthz", "/readyz")] == [503, 503]


@pytest.mark.parametrize(("path", "method", "status"), [("/", "GET", 404), ("/healthz", "POST", 501)])
def test_nothing_else_is_served(port: int, path: str, method: str, status: int) -> None:
    assert ask(port, path, method)[0] == status
