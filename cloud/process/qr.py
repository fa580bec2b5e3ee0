"""QR codes: for a page, for a file, for a terminal. The door to segno."""

import io

import segno

SCALE = 4


def qr_svg(text: str) -> str:
    """An SVG of its own, without a style of its own: the console's policy forbids one."""
    return str(_made(text).svg_inline(scale=SCALE, omitsize=True, svgclass="qr", lineclass="ink"))


def qr_text_lines(text: str) -> str:
    """For a terminal, half a line a row."""
    out = io.StringIO()
    _made(text).terminal(out=out, compact=True)
    return out.getvalue()


def qr_rows(text: str) -> list[str]:
    """Rows of 0 and 1 without a quiet zone, 1 is dark: for a page that draws it by itself."""
    return ["".join("1" if dark else "0" for dark in row) for row in _made(text).matrix]


def _made(text: str) -> segno.QRCode:
    return segno.make(text, error="m", micro=False)
