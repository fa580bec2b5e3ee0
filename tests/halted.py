"""A process that is halted, and known to be: SIGSTOP alone may take effect after the next call is answered."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.patience import PATIENCE_S


def halt(pid: int) -> None:
    """Send SIGSTOP and return when no thread of the process runs any more."""
    os.kill(pid, signal.SIGSTOP)
    end_s = time.monotonic() + PATIENCE_S
    while any(_state(stat) != "T" for stat in Path(f"/proc/{pid}/task").glob("*/stat")):
        assert time.monotonic() < end_s, f"{pid} still runs"
        time.sleep(0.001)


@contextmanager
def halted(pid: int) -> Iterator[None]:
    """Halt the process for the block, and let it go on after it."""
    halt(pid)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _state(stat: Path) -> str:
    return stat.read_text().rpartition(")")[2].split()[0]  # proc_pid_stat(5): the name before it may hold anything
