"""The one door to Pillow: a picture's parts as pixels, and pixels as a framebuffer wants them.

Fonts are Debian's, looked for by name: the console of Linux has no Chinese glyphs. None there is a ConfigFault.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from edge.terminal.front.picture import Area, Mark, Part, Words
from shared.errors import ConfigFault
from shared.words.voice import Text

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

FONTS = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
)
WITHOUT_PILLOW = Text(
    "未安装 Pillow：显示屏需要附加依赖 screen（用 ./ykt 启动时自动安装）",
    "Pillow is not installed: a display needs the extra `screen` (./ykt installs it by itself)",
)
WITHOUT_FONT = Text("没有中文字体：安装 fonts-wqy-microhei", "no Chinese font: install fonts-wqy-microhei")
_SIZES_MAX = 64


def paint(parts: Iterable[Part], size: tuple[int, int]) -> Image:
    """Of red, green and blue. ConfigFault without Pillow or font."""
    try:
        from PIL import Image, ImageDraw
    except ImportError as missing:
        raise ConfigFault(WITHOUT_PILLOW) from missing
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    for part in parts:
        match part:
            case Area(x, y, width, height, colour):
                draw.rectangle((x, y, x + width - 1, y + height - 1), fill=colour)
            case Words(text, x, y, height, colour, at):
                draw.text((x, y), text, font=_font(height), fill=colour, anchor=f"{at}m")
            case Mark(points, width, colour):
                draw.line(points, fill=colour, width=width, joint="curve")
    return image


def pixels(image: Image, bits: int) -> bytes:
    """As a framebuffer of so many bits a pixel has them, row behind row."""
    return rgb565(image) if bits == 16 else xrgb8888(image)


def xrgb8888(image: Image) -> bytes:
    """Four bytes a pixel, as a little-endian word."""
    return image.tobytes("raw", "BGRX")


def rgb565(image: Image) -> bytes:
    """Two bytes a pixel, as a little-endian word."""
    from PIL import Image, ImageChops

    red, green, blue = image.split()
    low = ImageChops.add(green.point([(value & 0x1C) << 3 for value in range(256)]), blue.point(_shifted(3)))
    high = ImageChops.add(red.point([value & 0xF8 for value in range(256)]), green.point(_shifted(5)))
    return Image.merge("LA", (low, high)).tobytes()


def _shifted(bits: int) -> list[int]:
    return [value >> bits for value in range(256)]


@lru_cache(_SIZES_MAX)
def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    found = next((path for path in FONTS if path.exists()), None)
    if found is None:
        raise ConfigFault(WITHOUT_FONT)
    return ImageFont.truetype(str(found), size)
