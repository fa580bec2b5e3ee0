"""What every answer carries and which TLS is spoken, asked on a real port."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from cloud.process.serving import POLICY
from tests.cloud.campus import Campus
from tests.cloud.process.served import Served, served


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    if scope["path"] == "/broken":
        raise ZeroDivisionError
    await send({"type": "http.response.start", "status": 401, "headers": []})
    await send({"type": "http.response.body", "body": b"no"})


@pytest.fixture(scope="module")
def server(provisioned: Campus) -> Iterator[Served]:
    with served(application, provisioned) as where:
        yield where


@pytest.mark.parametrize(
    ("request_line", "status"),
    [("GET / HTTP/1.1", 401), ("GET /broken HTTP/1.1", 500), ("this is no HTTP", 400)],
)
def test_every_answer_carries_the_policy(server: Served, request_line: str, status: int) -> None:
    answer = server.ask(f"{request_line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head = answer.split(b"\r\n\r\n")[0].decode().splitlines()
    assert head[0].split()[1] == str(status)
    said = [tuple(line.split(": ", 1)) for line in head[1:]]
    assert [said.count((name.lower(), value)) for name, value in POLICY] == [1] * len(POLICY)
    assert not {name for name, _ in said} & {"server"}


@pytest.mark.parametrize("suites", ["ECDHE+AES:!AESGCM:!AESCCM", "AES256-GCM-SHA384", "AES128-SHA", "DHE+AESGCM"])
def test_no_suite_without_forward_secrecy_or_with_cbc(server: Served, suites: str) -> None:
    context = server.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suites)
    with pytest.raises(ssl.SSLError):
        server.call(context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(server: Served, version: ssl.TLSVersion) -> None:
    context = server.context()
    context.minimum_version = context.maximum_version = version
    with server.call(context) as caller:
        assert "GCM" in (caller.cipher() or [""])[0] or "CHACHA20" in (caller.cipher() or [""])[0]


def test_nothing_older_is_spoken(server: Served) -> None:
    context = server.context()
    with pytest.warns(DeprecationWarning, match=r"TLSv1_1 is deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match=r"TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        server.call(context)
