"""The picture on a till's display: what there is to know, laid out for any size. Pure: a view in, areas and words out.

Two languages, the customer's line first: who stands before a till chose none. A state is never told by colour alone: a
sign is drawn beside it. The one number that counts is the largest thing on the screen. A PIN is dots.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from edge.terminal.front.keypad import MENU, Mode, Pad
from edge.terminal.front.words import (
    DEMO_WORDS,
    ENTER,
    FIXED,
    KEY_AMOUNT,
    MENU_WORDS,
    NUMBER,
    OFFLINE,
    ONLINE,
    PIN,
    SCAN,
    SELLING,
    SERVE,
    SERVE_NOT,
    STOPPED,
    Wish,
    unsettled,
)
from edge.terminal.qr import QUIET, SIZE, Rows, qr_rows
from edge.terminal.taps.display import Bar, Display, Face, bar_words
from shared.inventory import DeviceKind
from shared.words.voice import Text

BASE = 480, 320
"""The size that sizes below are meant for; others are scaled."""
BLACK, WHITE, GREY, DIM = (16, 18, 22), (255, 255, 255), (168, 174, 184), (52, 58, 68)
GREEN, RED, AMBER, BLUE, VIOLET = (0, 112, 60), (178, 24, 36), (150, 88, 0), (16, 76, 148), (98, 48, 140)
SLATE = (64, 70, 82)
DEMO = (214, 96, 0)
_SUM = re.compile(r"¥\d+\.\d\d")
_WIDE_FROM = 0x2E80
_THIN = 0.56
"""A letter's width in sizes, rather more than the fonts have on average; a character of Chinese is 1."""
TODO_ZH, TODO_EN, TODO_LINES = 23, 16, 2
SMALLEST = 0.72
"""A line that is too long is made smaller down to this share, then wrapped, then cut."""

Colour = tuple[int, int, int]


class Area(NamedTuple):
    """A filled rectangle, in pixels."""

    x: int
    y: int
    width: int
    height: int
    colour: Colour


class Words(NamedTuple):
    """One line of text; y is its middle. at: l, m or r of it stands at x."""

    text: str
    x: int
    y: int
    size: int
    colour: Colour
    at: str = "l"


class Mark(NamedTuple):
    """A sign by lines, its points in pixels."""

    points: tuple[tuple[int, int], ...]
    width: int
    colour: Colour


Part = Area | Words | Mark
_REST = Pad()


@dataclass(frozen=True, slots=True)
class View:
    """All that the display tells. rows: a list that was asked for; wish: what waits for a card; why: it cannot even
    begin, in words."""

    name: str = ""
    place: str = ""
    merchant: str = ""
    kind: DeviceKind = DeviceKind.POS
    is_demo: bool = False
    clock: str = ""
    is_online: bool = False
    unsettled: int = 0
    bar: Bar | None = None
    is_fixed: bool = False
    shown: Display | None = None
    pad: Pad = _REST
    wish: Wish | None = None
    rows: tuple[str, ...] = ()
    why: Text | None = None


class _Style(NamedTuple):
    ground: Colour
    sign: str
    serve: Text | None = None


_FACES = {
    Face.DONE: _Style(GREEN, "tick", SERVE),
    Face.EARLIER: _Style(GREEN, "ticks", SERVE),
    Face.DECLINED: _Style(RED, "cross"),
    Face.AGAIN: _Style(AMBER, "bang", SERVE_NOT),
    Face.SUSPECT: _Style(RED, "bang", SERVE_NOT),
    Face.CLOSED: _Style(AMBER, "bang"),
    Face.LOADED: _Style(GREEN, "tick"),
    Face.VOIDED: _Style(VIOLET, "back"),
    Face.NOT_SELLING: _Style(SLATE, "stop"),
    Face.NOTICE: _Style(BLUE, "bang"),
}
_SIGNS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "tick": (((0.1, 0.55), (0.4, 0.85), (0.9, 0.2)),),
    "ticks": (((0.0, 0.55), (0.25, 0.85), (0.65, 0.2)), ((0.45, 0.8), (0.5, 0.85), (1.0, 0.2))),
    "cross": (((0.15, 0.15), (0.85, 0.85)), ((0.85, 0.15), (0.15, 0.85))),
    "bang": (((0.5, 0.05), (0.5, 0.62)), ((0.5, 0.86), (0.5, 0.95))),
    "back": (((0.4, 0.0), (0.15, 0.25), (0.4, 0.5)), ((0.15, 0.25), (0.9, 0.25), (0.9, 0.8), (0.3, 0.8))),
    "stop": (((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1)), ((0.3, 0.5), (0.7, 0.5))),
    "card": (((0.0, 0.2), (1.0, 0.2), (1.0, 0.85), (0.0, 0.85), (0.0, 0.2)), ((0.0, 0.4), (1.0, 0.4))),
}


def picture(view: View, width: int, height: int) -> list[Part]:
    """From the ground up, in the order of painting."""
    page = _Page(view, width, height)
    return [Area(0, 0, width, height, BLACK), *page.head(), *page.middle(), *page.foot()]


class _Page:
    def __init__(self, view: View, width: int, height: int) -> None:
        self._view = view
        self._width, self._height = width, height
        self._unit = min(width / BASE[0], height / BASE[1])
        self._top = self._u(36)
        self._low = self._height - self._u(38)

    def _u(self, size: float) -> int:
        return round(size * self._unit)

    def head(self) -> Iterator[Part]:
        """Whose till it is, and whether this is play money."""
        view, mid = self._view, self._top // 2
        yield Area(0, 0, self._width, self._top, DIM)
        right = self._width - self._u(8)
        yield Words(view.clock, right, mid, self._u(20), WHITE, "r")
        right -= self._u(20 * _THIN * 5 + 12)
        if view.is_demo:
            demo = self._u(118)
            yield Area(right - demo, 0, demo, self._top, DEMO)
            yield Words(f"{DEMO_WORDS.zh} {DEMO_WORDS.en}", right - demo // 2, mid, self._u(19), BLACK, "m")
            right -= demo + self._u(6)
        whose = " ".join(filter(None, (view.place, view.merchant))) or view.name
        yield from self._line(whose, self._u(8), mid, 20, WHITE, right - self._u(8))

    def foot(self) -> Iterator[Part]:
        """Does it sell, is there a network, what is owed to the ledger."""
        view, mid = self._view, (self._low + self._height) // 2
        yield Area(0, self._low, self._width, self._height - self._low, DIM)
        bar = SELLING if view.bar is None and view.why is None else STOPPED
        size, x = self._u(17), self._u(8)
        yield from self._sign("tick" if bar is SELLING else "stop", x, mid - size // 2, size, WHITE)
        yield Words(f"{bar.zh} {bar.en}", x + self._u(24), mid, size, WHITE)
        x = self._width - self._u(104)
        net = ONLINE if view.is_online else OFFLINE
        yield Words(f"{net.zh} {net.en}", x, mid, size, WHITE)
        x -= self._u(24)
        yield from self._sign("tick" if view.is_online else "cross", x, mid - size // 2, size, WHITE)
        if view.unsettled:
            owed = unsettled(view.unsettled)
            yield Words(f"{owed.zh}", x - self._u(12), mid, size, (255, 214, 120), "r")

    def middle(self) -> Iterator[Part]:
        """What is going on now."""
        view = self._view
        if view.why is not None:
            yield from self._panel(SLATE, "stop", "", STOPPED, view.why)
        elif view.pad.mode is Mode.PIN:
            dots = "●" * len(view.pad.secret) or "—"
            yield from self._panel(BLUE, "card", dots, PIN, ENTER)
        elif view.pad.mode is Mode.NUMBER:
            yield from self._panel(BLUE, "card", view.pad.text or "—", NUMBER, ENTER)
        elif view.pad.mode is Mode.SURE and view.shown is not None:
            yield from self._shown(view.shown)
        elif view.pad.mode is Mode.MENU:
            words = (MENU_WORDS[verb] for verb in MENU)
            yield from self._list([f"{n}  {word.zh}  {word.en}" for n, word in enumerate(words, 1)])
        elif view.wish is not None:
            yield from self._panel(BLUE, "card", view.wish.amount, view.wish.title, view.wish.todo)
        elif view.pad.text:
            yield from self._keyed(view.pad.text)
        elif view.rows:
            yield from self._list(view.rows)
        elif view.shown is not None:
            yield from self._shown(view.shown)
        else:
            yield from self._idle()

    def _idle(self) -> Iterator[Part]:
        view = self._view
        if view.bar is not None:
            yield from self._panel(SLATE, "stop", "", STOPPED, bar_words(view.bar))
            return
        title = FIXED if view.is_fixed else KEY_AMOUNT
        mid = (self._top + self._low) // 2
        yield Words(title.zh, self._width // 2, mid - self._u(18), self._u(44), WHITE, "m")
        yield Words(title.en, self._width // 2, mid + self._u(34), self._u(22), GREY, "m")

    def _keyed(self, text: str) -> Iterator[Part]:
        mid = self._top + (self._low - self._top) * 2 // 5
        big = self._fits(f"¥{text}", 96, self._width - self._u(32))
        yield Words(f"¥{text}", self._width - self._u(16), mid, big, WHITE, "r")
        yield Words(f"{ENTER.zh}", self._u(16), self._low - self._u(46), self._u(22), GREY)
        yield Words(f"{ENTER.en}", self._u(16), self._low - self._u(20), self._u(16), GREY)

    def _shown(self, what: Display) -> Iterator[Part]:
        if what.code:
            yield from self._scanned(what)
            return
        style = _FACES[what.face]
        found = _SUM.search(what.title.zh)
        amount = found.group() if found else ""
        todo = what.todo
        if style.serve is not None and style.serve.en.split()[-1] not in todo.en:
            zh, en = filter(None, (style.serve.zh, todo.zh)), filter(None, (style.serve.en, todo.en))
            todo = Text(" ".join(zh), "; ".join(en))
        yield from self._panel(style.ground, style.sign, amount, what.title, todo)

    def _scanned(self, what: Display) -> Iterator[Part]:
        """A code as large as there is room, and beside it the sum, the digits, and what is waited for."""
        high = self._low - self._top
        step = max(1, min(high, self._width // 2) // (SIZE + 2 * QUIET))
        side = step * (SIZE + 2 * QUIET)
        yield Area(0, self._top, self._width, high, BLUE)
        yield Area(0, self._top, side, high, WHITE)
        yield from _squares(qr_rows(what.code), step * QUIET, self._top + (high - side) // 2 + step * QUIET, step)
        x, room = side + self._u(12), self._width - side - self._u(20)
        found = _SUM.search(what.title.zh)
        amount = found.group() if found else ""
        yield Words(amount, x, self._top + self._u(34), self._fits(amount, 56, room), WHITE)
        y = self._top + self._u(76)
        digits = " ".join(what.code[at : at + 6] for at in range(0, len(what.code), 6))
        for text, size, colour in (
            (SCAN.zh, 26, WHITE), (SCAN.en, 16, WHITE), (digits, 18, WHITE), (what.todo.zh, 17, GREY),
            (what.todo.en, 13, GREY),
        ):  # fmt: skip
            for line in self._wrapped(text, size, room, TODO_LINES):
                yield Words(line, x, y, self._fits(line, size, room), colour)
                y += self._u(size + 5)

    def _panel(self, ground: Colour, sign: str, amount: str, title: Text, todo: Text) -> Iterator[Part]:
        """A sign, the sum beside it, the words below, and at the foot what the cashier does."""
        x, room = self._u(14), self._width - self._u(28)
        yield Area(0, self._top, self._width, self._low - self._top, ground)
        size = self._u(60 if amount else 52)
        y = self._top + self._u(18)
        yield from self._sign(sign, x, y, size, WHITE)
        if amount:
            big = self._fits(amount, 84, room - size - self._u(14))
            yield Words(amount, self._width - self._u(14), y + size // 2, big, WHITE, "r")
            y += size + self._u(12)
            zh, en = 28, 17
        else:
            x, room, zh, en = x + size + self._u(16), room - size - self._u(16), 36, 20
        band = list(self._todo(todo))
        end = band[0].y if band and isinstance(band[0], Area) else self._low
        yield from self._title(title, (zh, en), (x, y, room, end - y))
        yield from band

    def _title(self, title: Text, sizes: tuple[int, int], within: tuple[int, int, int, int]) -> Iterator[Part]:
        """Both languages, two lines each at the most, smaller where they would be too high."""
        x, y, room, high = within
        share = min(1.0, high / max(1, self._u(sum(2 * (size + 5) for size in sizes))))
        for text, size in zip((title.zh, title.en), sizes, strict=True):
            lines = self._wrapped(text, size, room, 2)
            small = size if len(lines) == 1 else max(1, int(size * share))
            for line in self._wrapped(text, small, room, 2):
                yield Words(line, x, y + self._u(small / 2), self._u(small), WHITE)
                y += self._u(small + 5)

    def _todo(self, todo: Text) -> Iterator[Part]:
        """At the foot, as high as its words are."""
        room = self._width - self._u(28)
        lines = [
            (line, size, colour)
            for text, size, colour in ((todo.zh, TODO_ZH, WHITE), (todo.en, TODO_EN, GREY))
            for line in self._wrapped(text, size, room, TODO_LINES)
        ]
        if not lines:
            return
        y = self._low - self._u(sum(size + 4 for _, size, _ in lines) + 8)
        yield Area(0, y, self._width, self._low - y, BLACK)
        y += self._u(5)
        for line, size, colour in lines:
            yield Words(line, self._u(14), y + self._u(size / 2), self._u(size), colour)
            y += self._u(size + 4)

    def _list(self, rows: Sequence[str]) -> Iterator[Part]:
        y, step = self._top + self._u(24), self._u(40)
        room = (self._low - self._top) // step
        for row in rows[:room]:
            yield from self._line(row, self._u(16), y, 24, WHITE, self._width - self._u(28))
            y += step

    def _line(self, text: str, x: int, mid: int, size: int, colour: Colour, room: int) -> Iterator[Part]:
        for line in self._wrapped(text, size, room, 1):
            yield Words(line, x, mid, self._fits(line, size, room), colour)

    def _fits(self, text: str, size: int, room: int) -> int:
        """The size, or less where the room is less."""
        return min(self._u(size), max(1, int(room / max(_width_of(text), 1))))

    def _wrapped(self, text: str, size: int, room: int, lines: int) -> list[str]:
        """At most so many lines; the last is cut where even a small one has no room for it."""
        share = room / self._u(size)
        if lines == 1:
            return [_cut(text, share / SMALLEST)]
        found = _broken(text, share)
        return found if len(found) <= lines else [*found[: lines - 1], _cut("".join(found[lines - 1 :]), share)]

    def _sign(self, name: str, x: int, y: int, size: int, colour: Colour) -> Iterator[Part]:
        for line in _SIGNS[name]:
            points = tuple((round(x + size * a), round(y + size * b)) for a, b in line)
            yield Mark(points, max(2, size // 8), colour)


def _squares(rows: Rows, x: int, y: int, step: int) -> Iterator[Area]:
    """The dark ones, as few areas a row as there are runs."""
    for row, squares in enumerate(rows):
        at = 0
        for is_dark, run in groupby(squares):
            count = len(list(run))
            if is_dark:
                yield Area(x + at * step, y + row * step, count * step, step, BLACK)
            at += count


def _width_of(text: str) -> float:
    """In sizes, rather too much than too little."""
    return sum(1.0 if ord(letter) >= _WIDE_FROM or letter == "●" else _THIN for letter in text)


def _cut(text: str, room: float) -> str:
    if _width_of(text) <= room:
        return text
    while text and _width_of(text) > room - 1:
        text = text[:-1]
    return text + "…"


def _broken(text: str, room: float) -> list[str]:
    """Into lines: between words, and between any two characters of Chinese."""
    lines, line = [], ""
    for piece in re.findall(r"[^\u2e80-\uffff\s]+\s*|[\u2e80-\uffff]\s*|\s+", text):
        if line and _width_of(line + piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines
