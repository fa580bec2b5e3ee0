"""What a drawing is that somebody sends: PNG, JPEG or SVG, by its own first bytes, and how large. Pure.

Nothing is decoded here. A raster is not made anew: it is served under its own type, never guessed at, in a sandbox, and
shown by an image element alone, where neither script nor address of an SVG is followed.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from shared.errors import ConfigFault
from shared.words.voice import Text

BYTES_MAX = 7 * 1024 * 1024
SIDE_MAX = 20_000
PIXELS_MAX = 64_000_000
"""A browser holds four bytes of each."""
PNG, JPEG, SVG, PDF = "image/png", "image/jpeg", "image/svg+xml", "application/pdf"
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_SIZED = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG's frame headers, which tell the size."""
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
_SVG_NAME = "{http://www.w3.org/2000/svg}svg"
_LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:px|pt|mm|cm|in)?\s*", re.ASCII)
_HEAD = 4096
"""Bytes of an SVG in which its root stands."""


class DrawingRefused(ConfigFault):
    """Happens when a file is no drawing that can be shown. Nothing was changed."""


class Drawing(NamedTuple):
    """media: its type. width and height: in pixels, or in the drawing's own unit."""

    media: str
    width: float
    height: float


def drawing_of(found: bytes) -> Drawing:
    """DrawingRefused: another kind of file, one that is torn, or one that is too large."""
    if len(found) > BYTES_MAX:
        most = BYTES_MAX // 1024 // 1024
        raise DrawingRefused(Text(f"图纸超过 {most} MiB", f"the drawing is larger than {most} MiB"))
    if found.startswith(_PNG_HEAD):
        return _bounded(Drawing(PNG, *_png(found)))
    if found.startswith(b"\xff\xd8\xff"):
        return _bounded(Drawing(JPEG, *_jpeg(found)))
    if _is_svg(found):
        return _bounded(Drawing(SVG, *_svg(found)))
    raise DrawingRefused(Text("不是 PNG、JPEG 或 SVG 图纸", "this is no PNG, JPEG or SVG"))


def is_pdf(found: bytes) -> bool:
    """Does it begin as one?"""
    return found.startswith(b"%PDF-")


def _bounded(one: Drawing) -> Drawing:
    if not (1 <= one.width <= SIDE_MAX and 1 <= one.height <= SIDE_MAX):
        raise DrawingRefused(Text(f"图纸边长须为 1 到 {SIDE_MAX}", f"the sides of a drawing are 1 to {SIDE_MAX}"))
    if one.media != SVG and one.width * one.height > PIXELS_MAX:
        most = PIXELS_MAX // 1_000_000
        raise DrawingRefused(Text(f"图纸超过 {most} 百万像素", f"the drawing has more than {most} million pixels"))
    return one


def _png(found: bytes) -> tuple[int, int]:
    if found[12:16] != b"IHDR" or len(found) < 33 or not found.rstrip(b"\0").endswith(b"IEND\xaeB`\x82"):
        raise _torn()
    return int.from_bytes(found[16:20], "big"), int.from_bytes(found[20:24], "big")


def _jpeg(found: bytes) -> tuple[int, int]:
    for marker, part in _segments(found):
        if marker in _SIZED and len(part) >= 5:
            return int.from_bytes(part[3:5], "big"), int.from_bytes(part[1:3], "big")
    raise _torn()


def _segments(found: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each, as far as they go before the picture itself."""
    at = 2
    while at + 4 <= len(found) and found[at] == 0xFF:
        marker = found[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _BARE:
            at += 2
        else:
            size = int.from_bytes(found[at + 2 : at + 4], "big")
            if size < 2:
                return
            yield marker, found[at + 4 : at + 2 + size]
            at += 2 + size


def _is_svg(found: bytes) -> bool:
    head = found[:_HEAD].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head.startswith(b"<") and b"<svg" in found[: 16 * _HEAD]


def _svg(found: bytes) -> tuple[float, float]:
    """Of its own width and height, or of its view box. What declares entities is refused before it is parsed."""
    if b"<!ENTITY" in found:
        raise DrawingRefused(Text("SVG 里有实体声明，不收", "an SVG that declares entities is not taken"))
    try:
        root = ElementTree.fromstring(found)  # noqa: S314 - no entities, and expat fetches nothing
    except (ElementTree.ParseError, ValueError):
        raise _torn() from None
    if root.tag not in (_SVG_NAME, "svg"):
        raise DrawingRefused(Text("不是 SVG", "this is no SVG"))
    sides = [_LENGTH.fullmatch(root.get(name, "")) for name in ("width", "height")]
    if sides[0] and sides[1]:
        return float(sides[0][1]), float(sides[1][1])
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    try:
        return (float(box[2]), float(box[3])) if len(box) == 4 else _sizeless()
    except ValueError:
        return _sizeless()


def _sizeless() -> tuple[float, float]:
    raise DrawingRefused(
        Text("SVG 没有写尺寸（width/height 或 viewBox）", "the SVG says no size: width and height, or a viewBox")
    )


def _torn() -> DrawingRefused:
    return DrawingRefused(Text("图纸文件不完整", "the file of the drawing is torn"))
