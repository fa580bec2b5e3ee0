"""A terminal where somebody sits: a line that says how far something long is, and colour. Elsewhere nothing of either.

Progress goes to standard error and is gone when the work is done, so what a command prints is the same with it and
without. Colour says again what words and marks say already: NO_COLOR and TERM=dumb lose nothing. Pure: the streams and
the environment are handed in.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Protocol, Self, TypeVar

from shared.words.columns import taken

Item = TypeVar("Item")

WIDTH = 79
"""Columns of the line: a longer one is cut, for what wraps cannot be taken back."""
SHOWN_EVERY = 100
"""Of things whose number nobody knows, every so many are told."""
_BACK = "\r\x1b[K"


class Stream(Protocol):
    """As sys.stderr."""

    def isatty(self) -> bool:
        """Whether somebody sits there."""

    def write(self, text: str, /) -> int:
        """To it."""

    def flush(self) -> None:
        """Now."""


def is_screen(out: Stream, environment: Mapping[str, str]) -> bool:
    """Whether a line may be drawn over."""
    return out.isatty() and environment.get("TERM", "") not in ("", "dumb")


class ProgressLine:
    """One line, drawn over itself. clear it before anything else is printed; leaving the block does."""

    def __init__(self, out: Stream, environment: Mapping[str, str]) -> None:
        self._out = out
        self._environment = environment
        self._shown = ""

    def tell(self, what: object, done: int = 0, total: int = 0) -> None:
        """What is being done; with a total, how much of it."""
        self._draw(f"… {what} {done * 100 // total}%" if total else f"… {what}")

    def through(self, what: object, items: Iterable[Item], total: int = 0) -> Iterator[Item]:
        """The items, told as they pass; their number, where the total is not known."""
        for done, item in enumerate(items):
            if total:
                self.tell(what, done, total)
            elif done % SHOWN_EVERY == 0:
                self.tell(f"{what} {done}" if done else what)
            yield item
        self.clear()

    def clear(self) -> None:
        """Take the line away."""
        self._draw("")

    def __enter__(self) -> Self:
        """See the class."""
        return self

    def __exit__(self, *_: object) -> None:
        """The line goes."""
        self.clear()

    def _draw(self, text: str) -> None:
        fitting = _cut(text)
        if fitting != self._shown and is_screen(self._out, self._environment):
            self._out.write(f"{_BACK}{fitting}")
            self._out.flush()
            self._shown = fitting


def _cut(text: str) -> str:
    while taken(text) > WIDTH:
        text = text[:-1]
    return text


class Ink(Enum):
    """What a colour says."""

    GOOD = "32"
    BAD = "31"
    CARE = "33"


class Inks:
    """Colours of one stream."""

    def __init__(self, out: Stream, environment: Mapping[str, str]) -> None:
        self._out = out
        self._environment = environment

    def __call__(self, ink: Ink, text: object) -> str:
        """The text in a colour, where there is any."""
        has_colour = is_screen(self._out, self._environment) and not self._environment.get("NO_COLOR")
        return f"\x1b[{ink.value}m{text}\x1b[0m" if has_colour else str(text)
