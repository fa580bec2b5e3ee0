"""CBOR by hand, as far as an attacker needs it: whole numbers, bytes, text, truth, arrays; tags and maps to annoy."""

from collections.abc import Sequence

Item = int | bytes | str | bool | None | Sequence["Item"]


def head(major: int, value: int) -> bytes:
    """A head with the shortest argument."""
    if value < 24:
        return bytes((major << 5 | value,))
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes((major << 5 | code,)) + value.to_bytes(size, "big")
    raise ValueError(value)


def item(value: Item) -> bytes:
    """Canonical bytes of a value."""
    if value is None or isinstance(value, bool):
        return b"\xf6" if value is None else bytes((0xF4 + value,))
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(map(item, value))


def message(*body: Item) -> bytes:
    """A message between edge and cloud: version byte and array."""
    return b"\x01" + item(body)


def read(raw: bytes, at: int = 0) -> tuple[Item, int]:
    """A value of what our own parts send, and where it ends."""
    major, short = raw[at] >> 5, raw[at] & 31
    at += 1
    if major == 7:
        return {20: False, 21: True, 22: None}[short], at
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(short, 0)
    count = int.from_bytes(raw[at : at + size], "big") if size else short
    at += size
    if major < 2:
        return (-1 - count if major else count), at
    if major < 4:
        text = raw[at : at + count]
        return (text if major == 2 else text.decode()), at + count
    values = []
    for _ in range(count):
        value, at = read(raw, at)
        values.append(value)
    return values, at
