"""How fixed bytes are described: their fields in order, each a name and a width of `struct`, big-endian. Pure.

B, H, I whole numbers of 1, 2, 4 bytes, h one with a sign, ? a truth, 6s six bytes: "device 6s, model H".
"""

import struct

Fields = tuple[tuple[str, str], ...]
"""Name and width of each."""


def parsed(fields: str) -> Fields:
    """Of "name width, name width"."""
    return tuple((name, width) for name, width in map(str.split, filter(None, fields.split(", "))))


def struct_of(fields: Fields, *, behind: str = "") -> struct.Struct:
    """What packs them, behind other widths."""
    return struct.Struct(">" + behind + "".join(width for _, width in fields))
