"""What a process can do for its secrets: no core, nobody reading its memory, no swapping, bytes overwritten, and files
that are its owner's alone.

The door to ctypes calls into the C library. CPython gives no promise about `bytes`; overwriting one in place is safe
only for an object that nobody else relies on, which the caller promises, and reaches no copy that was made before.
"""

import ctypes
import os
import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_BYTES_HEAD = bytes.__basicsize__ - 1
"""Bytes of a bytes object before its content; the last one counted there is the closing NUL."""
WIPED_LEAST = 8
"""Shorter ones may be shared by the interpreter."""


def leave_no_core() -> None:
    """No core dump of this process, by file or by pipe, and no reading of its memory by its own user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(AttributeError):  # not Linux: the limit above is what there is
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def keep_private() -> None:
    """What this process makes from now on, files, folders and sockets, is its owner's alone."""
    os.umask(0o077)


def stay_out_of_swap() -> bool:
    """Lock this process's pages as they are used; False where the system does not let us.

    Only where no limit could later refuse memory: a locked process that meets RLIMIT_MEMLOCK dies of it.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limit != resource.RLIM_INFINITY and os.geteuid() != 0:
        return False
    try:
        return int(ctypes.CDLL(None).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)) == 0
    except AttributeError:  # not Linux
        return False


def wipe(octets: bytes) -> None:
    """Overwrite a bytes object that the caller owns alone; nothing happens where the interpreter is not CPython."""
    if sys.implementation.name == "cpython" and len(octets) >= WIPED_LEAST:
        ctypes.memset(id(octets) + _BYTES_HEAD, 0, len(octets))
