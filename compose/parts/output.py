"""What a part says: its bytes cut into lines, and the bounded file that keeps them.

A line is cut at 8 KiB. A log is at most two files of 1 MiB, the older one dropped: logs are the only thing here that
may be lost, and a full disk loses nothing else. How a line stands there: lines.py.
"""

import os
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from compose.parts.lines import FORMS, Form

LINE_BYTES = 8192
LOG_BYTES = 1 << 20
TAIL_LINES = 20


class Lines:
    """Bytes in, whole lines out."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Take `data`, return the lines that it completes, without their ends."""
        *whole, rest = (self._rest + data).split(b"\n")
        if len(rest) >= LINE_BYTES:
            whole, rest = [*whole, rest], b""
        self._rest = rest
        return [line[:LINE_BYTES].decode("utf-8", "replace").rstrip("\r") for line in whole]

    def end(self) -> list[str]:
        """Return the last line if the part ended in the middle of it."""
        return self.feed(b"\n") if self._rest else []


class PartLog:
    """The log file of one part; its last lines stay at hand."""

    def __init__(self, path: Path, form: Form = Form.PLAIN) -> None:
        """Open `path` for appending, readable by its owner only."""
        self._path, self._form = path, FORMS[form]
        self._fd = _open(path)
        self._size = os.fstat(self._fd).st_size
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines as they were said, oldest first, at most TAIL_LINES."""
        return tuple(self._tail)

    def write(self, line: str) -> None:
        """Append one line; at LOG_BYTES the file becomes `NAME.1` and a new one begins.

        What the disk does not take is dropped: the next lines must still be heard.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        data = self._form(line, self._path.stem, at).encode("utf-8") + b"\n"
        self._tail.append(line)
        with suppress(OSError):
            if self._size + len(data) > LOG_BYTES:
                self._turn()
            self._size += os.write(self._fd, data)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _turn(self) -> None:
        with suppress(FileNotFoundError):  # renamed before, when no new one could be made
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        fresh = _open(self._path)
        os.close(self._fd)
        self._fd, self._size = fresh, 0


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
