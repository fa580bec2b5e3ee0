"""The display of a body as lines of text, for a person at a keyboard.

A till's display has two lines by design, Chinese and English: it is the customer's, who chose no language here. What
the body says aloud and what its cashier is to do stand in the one language that the counter speaks.
"""

from edge.life import say
from edge.terminal.taps.display import Display
from shared.words.voice import Text


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
        if what.voice.zh:
            say(f"  🔊 {what.voice}")
        if what.todo.zh:
            say(str(Text(f"  → 收银员：{what.todo.zh}", f"  → cashier: {what.todo.en}")))
