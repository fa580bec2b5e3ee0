"""What stands on the glass: in its bounds, in two languages, with a sign beside each colour, and never a PIN."""

from itertools import pairwise

import pytest
import segno

from edge.terminal.counter.commands import Command, Verb
from edge.terminal.front import words
from edge.terminal.front.keypad import Mode, Pad, waits
from edge.terminal.front.paint import paint, rgb565, xrgb8888
from edge.terminal.front.picture import Area, Mark, View, Words, picture
from edge.terminal.qr import QUIET, SIZE, qr_rows
from edge.terminal.taps import display
from edge.terminal.taps.display import Bar, Display, Face
from shared.online import LoadResult
from shared.purse.reasons import Reason
from shared.words.voice import Text

SIZES = (480, 320), (800, 480), (320, 240)
LONG = Text("很长的一句话，" * 12, "a very long line of words " * 12)
BASE = {"name": "pos-01", "place": "1号窗口", "merchant": "一档口", "is_demo": True, "clock": "12:05"}


def faces():
    """A display of each face, the longest words that the body has among them."""
    yield from (Display(face, Text("成功 ¥12.50 余额 ¥187.50", "paid"), LONG, LONG) for face in Face)
    yield from (Display(face, LONG, LONG, LONG) for face in Face)
    yield from (display.declined(reason) for reason in Reason)
    yield from (display.not_selling(bar) for bar in Bar)
    yield display.order_open(50_000, "721234567890123459")
    yield display.voided(1250, b"\x53\x03" * 5, 500)
    yield display.load_refused(Reason.LOAD_DENIED, next(iter(LoadResult)))


VIEWS = [
    *(View(**BASE, shown=shown) for shown in faces()),
    *(View(**BASE, bar=bar) for bar in Bar),
    View(why=LONG), View(**BASE, pad=Pad(text="99999.99"), unsettled=4096), View(**BASE, pad=Pad(Mode.MENU)),
    View(**BASE, pad=Pad(Mode.PIN, secret="123456789012")), View(**BASE | {"merchant": LONG.zh}, rows=(LONG.zh,) * 30),
    *(View(**BASE, pad=waits(Pad()), wish=words.wish(Command(verb, amount_fen=9_999_999), words.TAKE_AWAY))
      for verb in (Verb.SELL, Verb.PAY, Verb.LOAD, Verb.AGAIN, Verb.VOID, Verb.CLAIM)),
]  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_everything_is_inside_and_no_line_lies_on_another(size):
    width, height = size
    for view in VIEWS:
        lines = [part for part in picture(view, *size) if isinstance(part, Words)]
        for line in lines:
            assert line.y - line.size // 2 >= 0, (view, line)
            assert line.y + line.size // 2 <= height + 1, (view, line)
            assert 0 <= line.x <= width, (view, line)
        rows = sorted((line.y, line.size) for line in lines if line.at == "l")
        for (y, high), (below, low) in pairwise(rows):
            assert below == y or below - y >= (high + low) // 2 - 2, (view, y, below)


def test_words_are_as_wide_as_they_are_reckoned():
    for view in VIEWS:
        for part in picture(view, 480, 320):
            if isinstance(part, Words) and part.at == "l":
                assert drawn_width(part) <= 480 - part.x, (part, drawn_width(part))


def drawn_width(line):
    image = paint([Words(line.text, 0, 40, line.size, (255, 255, 255))], (1200, 80))
    found = image.getbbox()
    return found[2] if found else 0


def test_no_state_is_told_by_colour_alone():
    signs = {}
    for face in Face:
        parts = picture(View(**BASE, shown=Display(face, Text("字", "word"), LONG, LONG)), 480, 320)
        panel = next(part.colour for part in parts if isinstance(part, Area) and part.height > 100 and part.y)
        marks = tuple(part.points for part in parts if isinstance(part, Mark) and part.width > 4)
        assert marks
        signs.setdefault(marks, set()).add(panel)
    assert len(signs) >= 5


def test_the_sum_is_the_largest_thing():
    shown = Display(Face.DONE, Text("成功 ¥12.50 余额 ¥1.00", "paid"), LONG, LONG)
    parts = picture(View(**BASE, shown=shown), 480, 320)
    largest = max((part for part in parts if isinstance(part, Words)), key=lambda part: part.size)
    assert largest.text == "¥12.50"
    assert largest.size >= 60


def test_serve_or_not_is_said():
    def said(face, todo):
        parts = picture(View(shown=Display(face, Text("字", "word"), LONG, todo)), 480, 320)
        return " ".join(part.text for part in parts if isinstance(part, Words))

    nothing = Text("", "")
    assert "放行" in said(Face.DONE, nothing)
    assert "勿放行" in said(Face.SUSPECT, nothing)
    assert said(Face.AGAIN, Text("勿放行、勿收现金", "do not serve")).count("勿放行") == 1
    assert "放行" not in said(Face.DECLINED, Text("未扣款", "nothing taken"))


def test_a_pin_is_dots():
    parts = picture(View(pad=Pad(Mode.PIN, secret="7352")), 480, 320)
    assert not any(digit in part.text for part in parts if isinstance(part, Words) for digit in "7352")
    assert any(part.text == "●●●●" for part in parts if isinstance(part, Words))


def test_pixels_as_framebuffers_have_them():
    parts = [Area(0, 0, 1, 1, (255, 0, 0)), Area(1, 0, 1, 1, (0, 255, 0)), Area(2, 0, 1, 1, (8, 4, 255))]
    image = paint(parts, (3, 1))
    assert [int.from_bytes(rgb565(image)[at : at + 2], "little") for at in (0, 2, 4)] == [0xF800, 0x07E0, 0x083F]
    assert xrgb8888(image)[0:3] == bytes((0, 0, 255))
    assert xrgb8888(image)[8:11] == bytes((255, 4, 8))


@pytest.mark.parametrize("size", SIZES)
def test_a_code_is_drawn_square_by_square_with_a_light_border(size):
    """As another library draws it, and alone on its ground."""
    digits = "721234567890123459"
    image = paint(picture(View(**BASE, shown=display.order_open(1250, digits)), *size), size)
    wanted = segno.make(digits, version=1, error="m", mode="numeric", mask=2, boost_error=False).matrix
    high, top, unit = size[1], round(36 * min(size[0] / 480, size[1] / 320)), min(size[0] / 480, size[1] / 320)
    space = high - round(38 * unit) - top
    step = min(space, size[0] // 2) // (SIZE + 2 * QUIET)
    left, first = step * QUIET, top + (space - step * (SIZE + 2 * QUIET)) // 2 + step * QUIET
    for row in range(-QUIET, SIZE + QUIET):
        for column in range(-QUIET, SIZE + QUIET):
            is_dark = 0 <= row < SIZE and 0 <= column < SIZE and wanted[row][column]
            at = left + column * step + step // 2, first + row * step + step // 2
            assert (sum(image.getpixel(at)) < 100) == bool(is_dark), (row, column)


def test_only_digits_that_fit_become_a_code():
    for wrong in ("", "1" * 35, "７" * 18, "72a"):
        with pytest.raises(ValueError, match=r"1\.\.34"):
            qr_rows(wrong)
