"""The embedded broker sends at once: its connections inherit TCP_NODELAY from the socket that listens."""

import socket

from compose.servers.broker import send_at_once


def test_connection_of_a_listening_socket_inherits_no_delay():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        send_at_once(port + 1)
        assert no_delay(listening) == 0
        send_at_once(port)
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = listening.accept()
            with accepted:
                assert no_delay(accepted) == 1
            assert no_delay(client) == 0


def no_delay(of):
    return of.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
