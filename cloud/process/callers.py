"""Who may hold a connection to a server of ours: so many in all, so many of one address.

At a bound the oldest call that still asks (silent, in its handshake, its request not whole) makes room, of the same
address if that is what is full; one that is being answered never does. Where all are being answered the new call is
closed. Counted from the kernel's accept on, so that what never says a word of TLS counts, too.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

Address = tuple[str, int]
UNREAD_MS = 30_000
"""Who takes nothing of its answer for so long is cut off by the kernel."""


@dataclass(frozen=True, slots=True)
class CallBounds:
    """What calls may cost. `ask_s`: from the accept until TLS is agreed, then until a request's head is whole."""

    in_all: int = 400
    of_address: int = 64
    ask_s: float = 10.0


class Call(socket.socket):
    """An accepted connection. `asks` says whether it could be ended without taking an answer from anybody."""

    address: Address
    asks: Callable[[], bool] = staticmethod(lambda: True)
    gone: Callable[["Call"], None] = staticmethod(lambda _: None)

    def close(self) -> None:
        """Close, and count no longer."""
        self.gone(self)
        super().close()

    def hang_up(self) -> None:
        """End it from here: whoever reads it finds its end."""
        self.gone(self)
        with suppress(OSError):  # its peer may have reset it already; who comes next is not to pay for that
            self.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class Callers:
    """All calls of one server, the oldest first."""

    bounds: CallBounds
    _calls: dict[Address, Call] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._calls)

    def admit(self, call: Call) -> bool:
        """Count a new call, at a bound in the place of one that still asks; False when there is none."""
        mine = [one for one in self._calls.values() if one.address[0] == call.address[0]]
        if len(mine) >= self.bounds.of_address and not _hang_up_oldest(mine):
            return False
        if len(self._calls) >= self.bounds.in_all and not _hang_up_oldest(list(self._calls.values())):
            return False
        self._calls[call.address] = call
        call.gone = self._forget
        return True

    def answer(self, address: Address, asks: Callable[[], bool]) -> None:
        """From now on the one who answers says whether the call still asks."""
        if address in self._calls:
            self._calls[address].asks = asks

    def _forget(self, call: Call) -> None:
        if self._calls.get(call.address) is call:
            del self._calls[call.address]


def _hang_up_oldest(calls: list[Call]) -> bool:
    for call in calls:
        if call.asks():
            call.hang_up()
            return True
    return False


class Door(socket.socket):
    """A listening socket that lets in whom its callers admit."""

    callers: Callers

    def accept(self) -> tuple[socket.socket, Address]:
        """The next call. BlockingIOError when there is none, or when it was one too many."""
        plain, address = super().accept()
        call = Call(fileno=plain.detach())
        call.address = address[:2]
        if not self.callers.admit(call):
            call.close()
            raise BlockingIOError("one call too many")
        call.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        return call, address


def doors(host: str, port: int, callers: Callers, backlog: int) -> list[Door]:
    """Listening sockets, one for each address that the host has; OSError when one cannot be had."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [_door(family, address, callers, backlog) for family, _, _, _, address in dict.fromkeys(found)]


def _door(family: int, address: tuple[object, ...], callers: Callers, backlog: int) -> Door:
    door = Door(family, socket.SOCK_STREAM)
    door.callers = callers
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        door.bind(address)
        door.listen(backlog)
    except OSError:
        door.close()
        raise
    return door
