"""What a body says at length about one order, piece by piece: the next one when the box has passed on the last. Pure.

It goes on in the next conversation where it stopped in this one. GIVE_UP_S without a piece that was taken end it: the
box is there and has no way on. A restart ends it, too.
"""

from zlib import crc32

from edge.link.messages import Piece, PieceTaken
from shared.wire.fleet_lane import PIECE_SIZE, PIECES_MAX

LENGTH_MAX = PIECE_SIZE * PIECES_MAX
EVERY_S = 0.25
"""Between two pieces: 2 KiB a second, a seventh of what the slowest bus carries."""
AGAIN_S = 3.0
GIVE_UP_S = 30.0
_NEVER = float("inf")


class Saying:
    """One at a time. has_failed: it was given up."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._at = 0
        self._due_s = self._give_up_s = _NEVER
        self.has_failed = False

    def begin(self, generation: int, raw: bytes, mono_s: float) -> None:
        """raw: one byte at least; what is longer than LENGTH_MAX is cut."""
        raw = raw[:LENGTH_MAX]
        parts = [raw[at : at + PIECE_SIZE] for at in range(0, len(raw), PIECE_SIZE)]
        head = generation, crc32(raw)
        self._pieces = [Piece(*head, number, len(parts), part) for number, part in enumerate(parts)]
        self._at, self.has_failed = 0, False
        self._due_s, self._give_up_s = mono_s, mono_s + GIVE_UP_S

    @property
    def is_over(self) -> bool:
        """Was all of it taken, or is it given up?"""
        return self._at >= len(self._pieces)

    def due_s(self) -> float:
        """When there is something to say, as long as there is a conversation."""
        return _NEVER if self.is_over else self._due_s

    def take(self, mono_s: float) -> list[Piece]:
        """What to say now."""
        if self.is_over or mono_s < self._due_s:
            return []
        self._due_s = mono_s + AGAIN_S
        return [self._pieces[self._at]]

    def taken(self, said: PieceTaken, mono_s: float) -> None:
        """The box has passed that piece on; one that was not said changes nothing."""
        if self.is_over or (said.generation, said.number) != (self._pieces[0].generation, self._at):
            return
        self._at += 1
        self._due_s, self._give_up_s = mono_s + EVERY_S, mono_s + GIVE_UP_S

    def give_up_s(self) -> float:
        """Monotonic second at which `expire` ends it."""
        return _NEVER if self.is_over else self._give_up_s

    def expire(self, mono_s: float) -> None:
        """Nobody takes any."""
        if mono_s >= self.give_up_s():
            self._pieces, self.has_failed = [], True
