"""The custody log on disk: whoever opens keys says so here, durably, before using them. Lines: custody_chain.py.

Appends and never edits; a line that an earlier run left torn is closed first, and stays for all to see.
"""

import fcntl
import os
from pathlib import Path

from provisioning.custody_chain import Event, head, last_number, lines

TAIL_BYTES = 4096
"""The last line is looked for in so many bytes at the end; a line of ours is far shorter."""


def append(log: Path, events: list[Event]) -> bytes:
    """Add the events durably and return the new head; OSError when that cannot be done."""
    fd = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two key processes of one campus must not fork the chain
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
        if tail and not tail.endswith(b"\n"):
            file.write(b"\n")
        text = lines(events, head(tail), last_number(tail) + 1)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return head(text or tail)
