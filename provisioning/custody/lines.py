"""Lines of a durable journal: CRC-32 in hex, a space, one JSON object. Pure; `custody/journal.py` writes them.

A last line without its end was never answered for and is not there. Refuses damage anywhere else, naming the line: a
journal about cards and PSAMs is not guessed at.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from zlib import crc32

from shared.errors import StoreFault
from shared.words.voice import Text

Row = Mapping[str, Any]
LINE_MAX = 16_384


class Read(NamedTuple):
    """Whole rows, and how many bytes they take: what follows is a torn tail."""

    rows: list[dict[str, Any]]
    size: int


def encode(row: Row) -> bytes:
    """One line with its end; StoreFault when it is longer than LINE_MAX."""
    body = json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()
    line = b"%08x " % crc32(body) + body + b"\n"
    if len(line) > LINE_MAX:
        raise StoreFault(Text(f"日志一行最多 {LINE_MAX} 字节", f"a line of a journal has at most {LINE_MAX} bytes"))
    return line


def decode(raw: bytes, name: str) -> Read:
    """All rows; StoreFault naming the first damaged line."""
    rows: list[dict[str, Any]] = []
    *whole, tail = raw.split(b"\n")
    for number, line in enumerate(whole, 1):
        row = _row(line)
        if row is None:
            raise StoreFault(Text(f"{name}: 第 {number} 行损坏", f"{name}: line {number} is damaged"))
        rows.append(row)
    return Read(rows, len(raw) - len(tail))


def _row(line: bytes) -> dict[str, Any] | None:
    body = line[9:]
    if line[:9] != b"%08x " % crc32(body):
        return None
    row = json.loads(body)
    return row if isinstance(row, dict) else None
