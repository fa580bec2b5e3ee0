"""The custody log on disk: whoever opens keys says so here, durably, before using them. Lines: custody_chain.py.

Appends and never edits; a line that an earlier run left torn is closed first, and stays for all to see. custody.head
beside it has the number and hash of the last line, one append behind at most, so that a log that lost its end is known.
"""

import fcntl
import os
import re
from pathlib import Path

from provisioning.custody_chain import Event, head, last_number, lines
from provisioning.journal import write_private

_HEAD_LINE = re.compile(r"custody log  ([0-9a-f]{64})$", re.MULTILINE)
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
        end, number = head(text or tail), last_number(text or tail)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), size)  # a full disk is no reason for a torn line
            raise
        write_private(head_file(log), f"{number} {end.hex()}\n".encode())
    return end


def head_file(log: Path) -> Path:
    """Where the last head is written down."""
    return log.with_suffix(".head")


def written_heads(log: Path) -> dict[str, str]:
    """Every head of this log that stands in its folder, hex, by where it stands."""
    found = {}
    beside = head_file(log)
    if beside.exists():
        found[beside.name] = beside.read_text(encoding="ascii").split()[-1]
    for minutes in sorted(log.parent.glob("ceremony-*/minutes.txt")):
        head_line = _HEAD_LINE.search(minutes.read_text(encoding="utf-8"))
        if head_line is not None:
            found[f"{minutes.parent.name}/{minutes.name}"] = head_line[1]
    return found
