"""The glass of a display: a framebuffer of Linux (/dev/fb0), or a file of a stated size that stands for one.

Only rows that changed are written, never one alone. A glass that refuses is an OSError of the caller's: a till that
shows nothing sells nothing.
"""

import fcntl
import os
import re
import stat
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from shared.errors import ConfigFault
from shared.words.refused import why_not
from shared.words.voice import Text

FBIOGET_VSCREENINFO, FBIOPUT_VSCREENINFO, FBIOGET_FSCREENINFO, FBIOBLANK = 0x4600, 0x4601, 0x4602, 0x4611
_ACTIVATE = struct.Struct("@I")
_ACTIVATE_AT, _FORCE = 84, 128
"""Of fb_var_screeninfo: set the mode although it is the same."""
_VAR = struct.Struct("@7I")
"""fb_var_screeninfo begins: size, virtual size, offset, bits a pixel."""
_VAR_BYTES, _FIX_BYTES = 160, 80
_LINE_LENGTH_AT = 48
"""Of fb_fix_screeninfo on 64 bits."""
_STATED = re.compile(r"(\d{2,4})x(\d{2,4})x(16|32)")
BITS = 16, 32


@dataclass(frozen=True, slots=True)
class Geometry:
    """bits: of a pixel, 16 (RGB565) or 32 (XRGB8888); line: bytes from row to row; at: where the first row begins."""

    width: int
    height: int
    bits: int
    line: int
    at: int = 0


def stated(text: str) -> Geometry:
    """Of '480x320x16'. ConfigFault."""
    found = _STATED.fullmatch(text)
    if found is None:
        raise ConfigFault(Text(f"显示屏尺寸应如 480x320x16：{text}", f"a display's size is as 480x320x16: {text}"))
    width, height, bits = map(int, found.groups())
    return Geometry(width, height, bits, width * bits // 8)


class Glass:
    """One display. geometry: of a file; a framebuffer says its own."""

    def __init__(self, path: Path, geometry: Geometry | None = None) -> None:
        """ConfigFault: it cannot be opened, or has a form that nobody here can draw."""
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if geometry else 0), 0o600)
            self.geometry = geometry or _asked(self._fd)
            if geometry is None:
                _light(self._fd)
        except OSError as fault:
            why = why_not(fault)
            raise ConfigFault(Text(f"{path}: 显示屏打不开：{why}", f"{path}: no display: {why}")) from fault
        if self.geometry.bits not in BITS:
            bits = self.geometry.bits
            said = Text(f"{path}: 每像素 {bits} 位，不会画", f"{path}: {bits} bits a pixel, which is not drawn")
            raise ConfigFault(said)
        if stat.S_ISREG(os.fstat(self._fd).st_mode):
            os.ftruncate(self._fd, self.geometry.at + self.geometry.line * self.geometry.height)
        self._rows: list[bytes] = []

    @property
    def size(self) -> tuple[int, int]:
        """In pixels."""
        return self.geometry.width, self.geometry.height

    def put(self, raw: bytes) -> None:
        """The pixels of all rows, one row behind the other. OSError."""
        form, step = self.geometry, self.geometry.width * self.geometry.bits // 8
        rows = [raw[at : at + step] for at in range(0, len(raw), step)]
        changed = [row != old for row, old in zip_longest(rows, self._rows)]
        for first, end in _runs(changed):
            if form.line == step:
                os.pwrite(self._fd, b"".join(rows[first:end]), form.at + first * step)
            else:
                for number in range(first, end):
                    os.pwrite(self._fd, rows[number], form.at + number * form.line)
        self._rows = rows

    def close(self) -> None:
        """What it shows stays."""
        os.close(self._fd)


def _runs(changed: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First and end of rows that changed together, two at the least: of a write of exactly one whole row, Linux (6.12,
    drm_fb_helper) reckons that nothing has changed, and the display keeps what it showed."""
    at = 0
    while at < len(changed):
        end = at
        while end < len(changed) and changed[end]:
            end += 1
        if end == at + 1:
            yield (at, end + 1) if end < len(changed) else (max(0, at - 1), end)
        elif end > at:
            yield at, end
        at = end + 1


def _light(fd: int) -> None:
    """Switch the display on, as it is: the console of Linux does it otherwise, which is kept off a till's display."""
    variable = bytearray(_VAR_BYTES)
    fcntl.ioctl(fd, FBIOGET_VSCREENINFO, variable)
    _ACTIVATE.pack_into(variable, _ACTIVATE_AT, _FORCE)
    for request, argument in ((FBIOPUT_VSCREENINFO, bytes(variable)), (FBIOBLANK, 0)):
        with suppress(OSError):  # some can only do one of the two, and are lit already
            fcntl.ioctl(fd, request, argument)


def _asked(fd: int) -> Geometry:
    variable, fixed = bytearray(_VAR_BYTES), bytearray(_FIX_BYTES)
    fcntl.ioctl(fd, FBIOGET_VSCREENINFO, variable)
    fcntl.ioctl(fd, FBIOGET_FSCREENINFO, fixed)
    width, height, _, _, off_x, off_y, bits = _VAR.unpack_from(variable)
    (line,) = struct.unpack_from("@I", fixed, _LINE_LENGTH_AT)
    return Geometry(width, height, bits, line, off_y * line + off_x * bits // 8)
