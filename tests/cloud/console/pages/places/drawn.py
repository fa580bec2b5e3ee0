"""Drawings for tests: real ones, small, made here."""

import struct
import zlib


def png(width: int = 8, height: int = 4) -> bytes:
    """All white."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress((b"\0" + b"\xff" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", lines) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, found: bytes) -> bytes:
    return struct.pack(">I", len(found)) + kind + found + struct.pack(">I", zlib.crc32(kind + found))


def jpeg(width: int = 640, height: int = 480) -> bytes:
    """Its heads alone."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8\xff\xe0\0\4ab\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xd9"


def svg(attributes: str = 'viewBox="0 0 300 200"', inside: str = "") -> bytes:
    """A drawing with an outline."""
    return (
        f'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}'
        '<rect x="1" y="1" width="90%" height="90%" fill="none" stroke="black"/></svg>'
    ).encode()


def pdf() -> bytes:
    """One page of 300 to 200 points with an outline."""
    content = b"20 20 260 160 re S"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
    )  # fmt: skip
    found, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(found))
        found += b"%d 0 obj%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    tail = b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(found)
    return found + b"xref\n0 5\n0000000000 65535 f \n" + table + tail
