"""Which TLS the servers of the product speak, asked byte by byte; and that whoever asks would see a weak one."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.cloud.campus import Campus
from tests.cloud.process.served import served
from tests.tls_probe import scan


async def nothing(scope, receive, send) -> None:
    """An application that answers nobody: no handshake of the scan gets so far."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


@contextmanager
def weak_server(campus: Campus) -> Iterator[int]:
    """As somebody would set one up to please an old client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(campus.data / "cloud" / "console.pem", campus.data / "cloud" / "console.key")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        threading.Thread(target=_greet, args=(door, context), daemon=True).start()
        yield door.getsockname()[1]


def _greet(door: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            call, _ = door.accept()
        except OSError:
            return
        with closing(call):
            try:
                context.wrap_socket(call, server_side=True).close()
            except OSError:
                continue


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_a_weak_server_would_be_seen(provisioned: Campus) -> None:
    with weak_server(provisioned) as port:
        found = scan("127.0.0.1", port)
    assert found.tls
    assert {"TLS 1.0", "TLS 1.1"} <= set(found.old)
    assert {"ECDHE-ECDSA-AES128-SHA", "AECDH-AES128"} <= set(found.weak)


def test_our_https_speaks_nothing_old_and_nothing_weak(provisioned: Campus) -> None:
    with served(nothing, provisioned) as server:
        assert scan("127.0.0.1", server.port) == (True, (), ())


def test_what_is_no_tls_is_told_so() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        port = door.getsockname()[1]
        threading.Thread(target=_say_http, args=(door,), daemon=True).start()
        assert not scan("127.0.0.1", port).tls


def _say_http(door: socket.socket) -> None:
    while True:
        try:
            call, _ = door.accept()
        except OSError:
            return
        with closing(call):
            call.recv(1024)
            call.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
