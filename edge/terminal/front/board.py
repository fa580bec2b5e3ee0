"""What a body tells its people by: one picture and one buzzer. Draws at once, and only what changed."""

from dataclasses import replace

from edge.terminal.front.beeper import OF_FACES, Beeper, Tones
from edge.terminal.front.glass import Glass
from edge.terminal.front.keypad import rest
from edge.terminal.front.paint import paint, pixels
from edge.terminal.front.picture import View, picture
from edge.terminal.front.words import notice
from edge.terminal.taps.display import Display
from shared.words.voice import Text


class Board:
    """Glass and buzzer. drawn: how many pictures there were."""

    def __init__(self, glass: Glass, beeper: Beeper) -> None:
        self._glass, self._beeper = glass, beeper
        self._view: View | None = None
        self.drawn = 0
        self.shown: Display | None = None

    def show(self, what: Display) -> None:
        """A display of the body's: it stands on the glass when this returns. OSError: it does not."""
        self.shown = what
        if self._view is not None:
            self.put(replace(self._view, shown=what, wish=None, rows=(), pad=rest(self._view.pad)))
        self._beeper.sound(OF_FACES.get(what.face, ()))

    def notice(self, what: Text) -> None:
        """A word of the front's own."""
        self.show(notice(what))

    def put(self, view: View) -> None:
        """All of it. OSError: the glass refuses."""
        if view != self._view:
            image = paint(picture(view, *self._glass.size), self._glass.size)
            self._glass.put(pixels(image, self._glass.geometry.bits))
            self._view = view
            self.drawn += 1

    def sound(self, tones: Tones) -> None:
        """Beside what a display sounds like."""
        self._beeper.sound(tones)

    def close(self) -> None:
        """The last picture stays."""
        self._beeper.close()
        self._glass.close()
