"""The wishes of the person at the keyboard: the first signal ends in order, the second one hurries."""

import asyncio
import signal

WISHES = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """SIGINT, SIGTERM and SIGHUP as two events. Use it as `with`, on a running loop in the main thread."""

    def __init__(self) -> None:
        """Only assign."""
        self.first = asyncio.Event()
        self.second = asyncio.Event()

    def __enter__(self) -> "Interrupts":
        """Begin to listen."""
        for number in WISHES:
            asyncio.get_running_loop().add_signal_handler(number, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number in WISHES:
            asyncio.get_running_loop().remove_signal_handler(number)

    def _heard(self) -> None:
        if self.first.is_set():
            self.second.set()
        self.first.set()
