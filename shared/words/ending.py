"""How a command ends: with its exit code, and as other tools do when nobody reads what it prints (`| head`)."""

import gc
import signal
import sys
from collections.abc import Callable
from typing import NoReturn


def end(work: Callable[[], int]) -> NoReturn:
    """Do it and end the process with its exit code; by SIGPIPE, and without a word, when the reader has gone.

    A command lets Python's collector of cycles rest while it imports, a sixth of its start. What stands now stays, so
    it is not looked at later either; nor is anything at the end, for all of it goes with the process.
    """
    gc.freeze()
    gc.enable()
    try:
        code = _code(work)
        sys.stdout.flush()
    except (BrokenPipeError, ExceptionGroup) as fault:
        if not reader_is_gone(fault):
            raise
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.raise_signal(signal.SIGPIPE)  # so that a shell sees what it sees of any other tool: 141
        code = 1
    gc.disable()
    sys.exit(code)


def reader_is_gone(fault: Exception) -> bool:
    """Is it that whoever reads what this process prints has closed the pipe? Who tells of an OSError asks first.

    It may be another pipe that broke, so one line more is tried on both.
    """
    if not _is_broken_pipe(fault):
        return False
    try:
        for printed in (sys.stdout, sys.stderr):
            printed.write("\n")
            printed.flush()
    except BrokenPipeError:
        return True
    return False


def _is_broken_pipe(fault: Exception) -> bool:
    """It, or a group of nothing else: tasks that were telling how they got on."""
    if isinstance(fault, ExceptionGroup):
        return all(map(_is_broken_pipe, fault.exceptions))
    return isinstance(fault, BrokenPipeError)


def _code(work: Callable[[], int]) -> str | int | None:
    try:
        return work()
    except SystemExit as said:  # a command line that was wrong, or asked for help
        return said.code
