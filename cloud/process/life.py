"""How a part of the launcher lives: READY once, STATUS each second, an end in order at SIGTERM or when stdin closes."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from shared.support.watchdog import Duty

STATUS_S = 1.0
SILENT = "YKT_NO_STATUS"
"""In the environment of a part whose output is its log, and that nobody reads line by line."""


def say(line: str) -> bool:
    """One line on standard output. False when nobody reads there any more, which is a reason to end."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return False
    return True


def stop_on_signals(stop: asyncio.Event, *, end_with_stdin: bool) -> None:
    """Set `stop` at SIGTERM, SIGINT, and at the end of standard input when asked to."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if end_with_stdin:
        _watch_stdin(loop, stop)


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    try:
        loop.add_reader(sys.stdin.fileno(), readable)
    except PermissionError:  # a plain file or /dev/null: at its end already
        stop.set()


async def report(
    stop: asyncio.Event, figures: Callable[[], Mapping[str, object]], loop: Duty | None = None
) -> None:
    """One STATUS line a second until `stop`. loop: turned with each of them, for the watchdog."""
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), STATUS_S)
        if not say_status(figures()):
            stop.set()
        if loop is not None:
            loop.turned()


def say_status(figures: Mapping[str, object]) -> bool:
    """One STATUS line; False as `say`. None where SILENT is set: they would fill a log that is kept."""
    if os.environ.get(SILENT):
        return True
    return say("STATUS " + json.dumps(figures, ensure_ascii=False))
