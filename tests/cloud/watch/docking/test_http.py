"""The HTTP door: what a head asks for or why not, and callers that are slow, many or cut short."""

import asyncio
from http import HTTPStatus

import pytest

from cloud.watch.docking import http
from cloud.watch.docking.http import HttpDoor, Request, answer, asked
from cloud.watch.docking.sparkplug.host import Why
from compose.servers.ports import LOOPBACK

SECRET = "s" * 32
HEAD = f"POST /v1/docked HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer meter.{SECRET}\r\nContent-Length: 2\r\n\r\n"


def test_a_head_is_read() -> None:
    assert asked(HEAD.encode()) == Request("meter", SECRET, 2)
    assert asked(HEAD.replace("Authorization", "authorization").encode()) == Request("meter", SECRET, 2)


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("POST", "GET", HTTPStatus.METHOD_NOT_ALLOWED),
        ("/v1/docked", "/", HTTPStatus.NOT_FOUND),
        ("/v1/docked", "/v1/docked x", HTTPStatus.BAD_REQUEST),
        ("HTTP/1.1", "FTP", HTTPStatus.BAD_REQUEST),
        ("Content-Length: 2", "Content-Length: -2", HTTPStatus.LENGTH_REQUIRED),
        ("Content-Length: 2", "Content-Length: 2 3", HTTPStatus.LENGTH_REQUIRED),
        ("Content-Length: 2", "Transfer-Encoding: chunked\r\nContent-Length: 2", HTTPStatus.LENGTH_REQUIRED),
        ("Content-Length: 2", "Content-Length: 65537", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        ("Bearer meter.", "Bearer meter", HTTPStatus.UNAUTHORIZED),
        ("Bearer meter.", "Basic meter.", HTTPStatus.UNAUTHORIZED),
        ("Bearer meter.", "Bearer ../meter.", HTTPStatus.UNAUTHORIZED),
    ],
)
def test_a_head_that_is_none_is_told_why(old: str, new: str, status: HTTPStatus) -> None:
    assert asked(HEAD.replace(old, new, 1).encode()) is status


async def talk(door: HttpDoor, *octets: bytes) -> list[int]:
    """Status of each caller, all at once."""
    port = await door.open(LOOPBACK, 0)

    async def one(said: bytes) -> int:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(said)
        told = await reader.read()
        writer.close()
        return int(told.split()[1])

    try:
        return list(await asyncio.gather(*map(one, octets)))
    finally:
        door.close()


def test_what_becomes_of_a_post() -> None:
    heard: list[tuple[str, bytes]] = []
    whys = iter((None, Why.PACE, Why.MALFORMED, Why.FULL))

    def post(account: str, body: bytes) -> Why | None:
        heard.append((account, body))
        return next(whys)

    door = HttpDoor(lambda name, secret: (name, secret) == ("meter", SECRET), post)
    wrong = HEAD.replace(SECRET, "t" * 32).encode() + b"{}"
    assert [asyncio.run(talk(door, HEAD.encode() + b"{}"))[0] for _ in range(4)] == [202, 429, 422, 400]
    assert asyncio.run(talk(door, wrong)) == [401]
    assert heard == [("meter", b"{}")] * 4


def test_who_is_slow_or_one_too_many_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "REQUEST_S", 0.2)
    monkeypatch.setattr(http, "CALLERS_MAX", 1)
    found = asyncio.run(talk(HttpDoor(lambda *_: True, lambda *_: None), HEAD.encode(), HEAD.encode()))
    assert sorted(found) == [408, 503]
    door = HttpDoor(lambda *_: True, lambda *_: None)
    assert asyncio.run(talk(door, b"POST " + b"x" * 20_000)) == [431]


def test_an_answer_is_whole() -> None:
    head, _, body = answer(HTTPStatus.ACCEPTED).partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
