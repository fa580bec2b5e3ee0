"""A long SMS in parts (TS 23.040, 9.2.3.24.1), as a modem and a gateway both take them. Pure.

A part is at most 70 characters, 67 where there are several. A character beyond the first plane is two code units, and
is not cut in two.
"""

from collections.abc import Iterator

PARTS_MAX = 8
"""Parts of one message; a longer one is refused."""
_UNITS, _UNITS_OF_PART = 70, 67


def parts_of(text: str) -> list[str]:
    """One at least. ValueError: more than PARTS_MAX."""
    parts = list(_parts(text))
    if len(parts) > PARTS_MAX:
        raise ValueError("too long")
    return parts


def header(group: int, count: int, at: int) -> bytes:
    """The user data header of one of several parts; none where there is one alone. group: 0..255, of its parts."""
    return bytes((5, 0, 3, group, count, at)) if count > 1 else b""


def _parts(text: str) -> Iterator[str]:
    most = _UNITS if units(text) <= _UNITS else _UNITS_OF_PART
    part = ""
    for char in text:
        if units(part) + units(char) > most:
            yield part
            part = ""
        part += char
    yield part


def units(text: str) -> int:
    """UTF-16 code units, of which an SMS has 70."""
    return len(text.encode("utf-16-be")) // 2
