"""TCP ports of loopback for the parts of a campus: found by one launcher, and left alone by every other.

A part listens some time after its port was found, and again after it was killed. Until then the port is kept by a name
in the kernel (an abstract unix socket), which only one process can have and which goes with the process. Programs that
are not ours know nothing of it: a part whose port they took does not start. So they are taken from below those that
the kernel gives to whoever asks for any: no connection and no server of others comes upon one by chance.
"""

import os
import secrets
import socket
from collections import deque

from shared.words.voice import Text

LOOPBACK = "127.0.0.1"
FIRST, LAST = 16_384, 32_767
"""Linux gives away those from 32,768 on (`ip_local_port_range`), and no browser refuses to talk to one of these."""
TRIED_MAX = 64
KEPT_MAX = 256
"""Ports that one process keeps; at the bound the oldest is let go, whose part listens by then."""
_NAME = "\0openykt-port-{}"
_kept: deque[int] = deque()


class NoPort(Exception):
    """None of the ports tried is free: exit code 2."""

    exit_code = 2


def free_port() -> int:
    """A port that nobody uses now, kept for this process. Raises NoPort."""
    for _ in range(TRIED_MAX):
        port = FIRST + secrets.randbelow(LAST + 1 - FIRST)
        if take_port(port):
            return port
    raise NoPort(Text("没有空闲端口", "no free port"))


def take_port(port: int) -> bool:
    """Keep this port for this process; False when a server listens there or another launcher has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return _keep(port)


def _keep(port: int) -> bool:
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(_NAME.format(port))
    except OSError:
        name.close()
        return False
    if len(_kept) >= KEPT_MAX:
        os.close(_kept.popleft())
    _kept.append(name.detach())
    return True
