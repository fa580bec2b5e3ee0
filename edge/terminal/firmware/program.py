"""What an image of ours replaces in a running terminal: the program that words its display. Loaded from a slot.

The smallest part that is really a program: a module of Python source whose `words(face, zh, en)` gives the two lines of
a display. It runs only when the campus's firmware key has signed it and its self-test has passed; a display that it
fails at is shown as it was. What a body of metal replaces besides, it does by the same slots, test and way back.

It gets no import and no file, but that is order, not a wall: whoever may sign firmware is trusted with the terminal.
"""

from collections.abc import Callable, Iterable
from typing import Any

from edge.terminal.taps.body import BUILT_IN
from edge.terminal.taps.display import Display, Face
from shared.fleet.firmware import Image
from shared.words.voice import Text

LINE_MAX = 80
"""Characters of one line."""
_ALLOWED = {"str": str, "len": len, "min": min, "max": max, "dict": dict, "tuple": tuple, "range": range}
_DONE = Text("成功", "paid").zh
_SILENT = ""
_NOTHING = Text(_SILENT, _SILENT)


class ProgramFault(Exception):
    """It is no program of ours, or it does what none may. Its text says what."""


class Program:
    """release: what HELLO says. failed: displays that were shown as they were, because it could not word them."""

    def __init__(self, release: int = BUILT_IN, words: Callable[[str, str, str], Any] | None = None) -> None:
        self.release = release
        self.failed = 0
        self._words = words

    def worded(self, what: Display) -> Display:
        """As it is shown. Never raises: a till that cannot word a display must show it all the same."""
        if self._words is None:
            return what
        try:
            return what._replace(title=self.title(what))
        except ProgramFault:
            self.failed += 1
            return what

    def title(self, what: Display) -> Text:
        """ProgramFault when its lines are none, lose a figure, or say of what is not done that it is."""
        zh, en = what.title.zh, what.title.en
        try:
            said = self._words(what.face.value, zh, en) if self._words else (zh, en)
        except Exception as fault:  # another's program may fail in any way, and only it is to blame
            raise ProgramFault(type(fault).__name__) from fault
        if not isinstance(said, tuple) or len(said) != 2 or not all(map(_is_line, said)):
            raise ProgramFault(f"{what.face}: no two lines")
        if [_figures(line) for line in said] != [_figures(zh), _figures(en)]:
            raise ProgramFault(f"{what.face}: another figure")
        if _DONE in said[0] and _DONE not in zh:
            raise ProgramFault(f"{what.face}: says that it is done")
        return Text(*said)


def load(image: Image) -> Program:
    """ProgramFault when it does not even begin."""
    room: dict[str, Any] = {"__builtins__": _ALLOWED}
    try:
        exec(compile(image.program, image.name, "exec"), room)  # noqa: S102  # code, by its signature
    except Exception as fault:  # another's program may fail in any way
        raise ProgramFault(type(fault).__name__) from fault
    words = room.get("words")
    if not callable(words):
        raise ProgramFault("no words")
    return Program(image.release, words)


def self_test(image: Image, samples: Iterable[Display]) -> bool:
    """Does it begin, and word each of these?"""
    try:
        program = load(image)
        return all(program.title(sample) is not None for sample in samples)
    except ProgramFault:
        return False


def _is_line(line: object) -> bool:
    return isinstance(line, str) and 0 < len(line) <= LINE_MAX and line.isprintable()


def _figures(line: str) -> str:
    return "".join(letter for letter in line if letter.isdigit())


SAMPLES = tuple(
    Display(face, title, _NOTHING, _NOTHING)
    for face in Face
    for title in (Text("¥12.34 余额 ¥5.60", "¥12.34, balance ¥5.60"), Text("请重试", "try again"))
)
"""A display of every face, with figures and without."""
