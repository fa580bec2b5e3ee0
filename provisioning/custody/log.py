"""The custody log on disk: whoever opens keys says so here, durably, before using them. Lines: chain.py.

Appends and never edits; a line that an earlier run left torn is closed first, and stays for all to see. custody.head
beside it has the number and hash of the last line, one append behind at most, so that a log that lost its end is known.
"""

import fcntl
import os
import re
from pathlib import Path

from provisioning.custody.chain import HEAD_WORDS, Event, head, last_number, lines
from provisioning.custody.journal import write_private

_HEAD_LINE = re.compile(f"(?:{HEAD_WORDS.zh}|{HEAD_WORDS.en})  ([0-9a-f]{{64}})")
TAIL_BYTES = 4096
"""The last line is looked for in so many bytes at the end; a line of ours is far shorter."""


def append(log: Path, events: list[Event]) -> bytes:
    """Add the events durably and return the new head; OSError when that cannot be done."""
    fd = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)  # two key processes of one campus must not fork the chain
        size = os.fstat(fd).st_size
        tail = os.pread(fd, TAIL_BYTES, max(0, size - TAIL_BYTES))
        closing = b"\n" if tail and not tail.endswith(b"\n") else b""
        text = lines(events, head(tail), last_number(tail) + 1)
        end, number = head(text or tail), last_number(text or tail)
        try:
            _write(fd, closing + text)
        except OSError:
            os.ftruncate(fd, size)  # a full disk is no reason for a torn line
            raise
        write_private(head_file(log), f"{number} {end.hex()}\n".encode())
    finally:
        os.close(fd)
    return end


def _write(fd: int, text: bytes) -> None:
    """Unbuffered: what a full disk refused must not come out of a buffer later."""
    while text:
        text = text[os.write(fd, text) :]
    os.fsync(fd)


def head_file(log: Path) -> Path:
    """Where the last head is written down."""
    return log.with_suffix(".head")


def written_heads(log: Path) -> dict[str, str]:
    """Every head of this log that stands in its folder, hex, by where it stands."""
    found = {}
    beside = head_file(log)
    if beside.exists():
        found[beside.name] = "".join(beside.read_text(encoding="ascii", errors="replace").split()[-1:])
    for minutes in sorted(log.parent.glob("ceremony-*/minutes.txt")):
        head_line = _HEAD_LINE.search(minutes.read_text(encoding="utf-8"))
        if head_line is not None:
            found[f"{minutes.parent.name}/{minutes.name}"] = head_line[1]
    return found
