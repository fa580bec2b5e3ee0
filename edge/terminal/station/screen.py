"""The display of a body as lines of text, for a person at a keyboard.

A till's display has two lines by design, Chinese and English: it is the customer's, who chose no language here. What
the body says aloud and what its cashier is to do stand in the one language that the counter speaks.
"""

from edge.life import say
from edge.terminal.qr import QUIET, SIZE, Rows, qr_rows
from edge.terminal.taps.display import Display
from shared.words.voice import Text

_HALVES = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}


class Screen:
    """A body's display: what it shows, says, and has the cashier do. name: of the body beside the counter's own."""

    def __init__(self, name: str = "") -> None:
        self._mark = f"[{name}] " if name else ""
        self.is_off = False

    def show(self, what: Display) -> None:
        """Nothing once it is off."""
        if self.is_off:
            return
        say(f"  ┃ {self._mark}{what.title.zh}\n  ┃ {self._mark}{what.title.en}")
        if what.code:
            say("\n".join(_drawn(qr_rows(what.code))))
        if what.voice.zh:
            say(f"  🔊 {what.voice}")
        if what.todo.zh:
            say(str(Text(f"  → 收银员：{what.todo.zh}", f"  → cashier: {what.todo.en}")))


def _drawn(rows: Rows) -> list[str]:
    """Two squares a letter, the light ones in the colour of writing, with a light border."""
    light = (False,) * SIZE
    framed = [(*light[:QUIET], *row, *light[:QUIET]) for row in (*[light] * QUIET, *rows, *[light] * (QUIET + 1))]
    pairs = zip(framed[::2], framed[1::2], strict=False)
    return ["".join(_HALVES[over, under] for over, under in zip(*pair, strict=True)) for pair in pairs]
