"""A provider, or who plays it, that drips, never ends, sends too much or sends elsewhere: unknown, within a bound."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cloud.emulators.providers.wechat import SECRET
from cloud.payments.providers.doors import http
from cloud.payments.providers.doors.http import HttpDoor, Place
from cloud.payments.providers.interface import BODY_MAX, ProviderFault
from cloud.payments.providers.keys import read_own
from cloud.payments.providers.wechat import Inside, WeChat
from tests.cloud.payments.rig import APIV3, APPID, MCHID, START_S, pems, platform
from tests.patience import PATIENCE_S

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n"


@contextmanager
def answering(first: bytes, then: bytes) -> Iterator[int]:
    """A server that says this, and then that again and again, as slowly as its peer bears."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                try:
                    peer.sendall(first)
                    while then and not over.wait(0.02):
                        peer.sendall(then)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


def door(port: int) -> HttpDoor:
    own, inside = read_own("MERCHANT", pems("own")[0]), Inside(SECRET, f"http://127.0.0.1:{port}")
    adapter = WeChat(MCHID, APPID, own, platform(START_S), APIV3, "https://campus/pay", inside)
    return HttpDoor(adapter, Place("127.0.0.1", port, is_plain=True))


@pytest.mark.parametrize(
    ("first", "then"),
    [(HEAD, b"x"), (b"HTTP/1.1 200 OK\r\nX: ", b"x"), (b"HTTP/1.1 200 OK\r\n\r\n", bytes(BODY_MAX)),
     (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", b""),
     (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", b""), (b"SSH-2.0\r\n", b"")],
    ids=["drips", "drips in its head", "too much", "cut off", "sends elsewhere", "no HTTP"],
)  # fmt: skip
def test_it_is_unknown_and_soon(monkeypatch: pytest.MonkeyPatch, first: bytes, then: bytes) -> None:
    monkeypatch.setattr(http, "WHOLE_S", 0.3)
    monkeypatch.setattr(http, "ANSWER_S", 5.0)
    began_s = time.monotonic()
    with answering(first, then) as port, pytest.raises(ProviderFault) as fault:
        door(port).query("Y1")
    assert time.monotonic() - began_s < PATIENCE_S
    assert SECRET not in str(fault.value)


def test_a_fault_while_it_is_asked_who_pays_tells_no_secret() -> None:
    with answering(b"no", b"") as port, pytest.raises(ProviderFault) as fault:
        door(port).opener("C0DE")
    assert SECRET not in f"{fault.value!r} {fault.value.__context__!r} {door(1)!r} {vars(door(1))!r}"
