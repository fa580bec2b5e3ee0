"""The display of a body as lines of text, for a person at a keyboard."""

from edge.life import say
from edge.terminal.taps.display import Display


class Screen:
    """A body's display: what it shows, says, and has the cashier do. name: of the body beside the counter's own."""

    def __init__(self, name: str = "") -> None:
        self._mark = f"[{name}] " if name else ""
        self.is_off = False

    def show(self, what: Display) -> None:
        """Both languages; nothing once it is off."""
        if self.is_off:
            return
        say(f"  ┃ {self._mark}{what.title.zh}\n  ┃ {self._mark}{what.title.en}")
        if what.voice.zh:
            say(f"  🔊 {what.voice.zh} / {what.voice.en}")
        if what.todo.zh:
            say(f"  → 收银员 cashier: {what.todo.zh} / {what.todo.en}")
