"""An exchange that ends in time, wherever it is: a head that drips keeps each step's own bound for ever."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def cut_off_after(within_s: float, lines: Callable[[], list[socket.socket | None]]) -> Iterator[None]:
    """lines: what it goes over, asked when its time is over. Who reads from one of them finds its end."""

    def cut() -> None:
        for line in lines():
            if line is not None:
                with suppress(OSError):
                    socket.socket.shutdown(line, socket.SHUT_RDWR)

    timer = threading.Timer(within_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
