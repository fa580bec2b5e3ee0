"""How a box or terminal process lives: READY, STATUS each second, an end in order; SIGUSR1 stops a terminal selling."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from edge.files.disk import InUse
from shared.errors import ConfigFault, StoreFault


def say(line: str) -> bool:
    """One line on standard output. False when nobody reads there any more."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return False
    return True


def on_signals(stop: asyncio.Event, closing: asyncio.Event) -> None:
    """SIGTERM and SIGINT set `stop`, SIGUSR1 sets `closing`."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, closing.set)


def end_with_stdin(stop: asyncio.Event) -> None:
    """The launcher's pipe closes: the end."""
    loop, number = asyncio.get_running_loop(), sys.stdin.fileno()

    def readable() -> None:
        if not os.read(number, 4096):
            loop.remove_reader(number)
            stop.set()

    with suppress(PermissionError):  # a plain file or /dev/null is at its end already, and cannot be watched
        loop.add_reader(number, readable)
        return
    stop.set()


def exit_code(work: Callable[[], int]) -> int:
    """Do it; its exit code, or 2 for wrong use and what somebody else holds, 1 for a broken store, 0 for Ctrl-C."""
    try:
        return work()
    except (ConfigFault, InUse) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    except StoreFault as broken:
        sys.stderr.write(f"{broken}\n")
        return 1
    except KeyboardInterrupt:
        return 0


async def every(seconds: float, stop: asyncio.Event, act: Callable[[], bool]) -> None:
    """Act now and then each so many seconds, until `stop` or until it answers False, which sets `stop`."""
    while not stop.is_set():
        if not act():
            stop.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
