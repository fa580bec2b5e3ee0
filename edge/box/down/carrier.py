"""One bus on which a document goes to all terminals at once: what its link asks for frames, within the guard. Pure."""

from collections.abc import Iterable

from edge.box.down.broadcast import Broadcast
from edge.box.down.documents import Document, Name
from edge.box.down.gate import LOAD_SHARE, Load
from edge.box.down.guard import SHARE, BusGuard
from edge.link.broadcast import STREAMS, Answer, Down

IDLE_S = 1.0
"""A link without a broadcast asks again after this."""


class Carrier:
    """running: the broadcast under way, until `retire`; name, generation: what it carries. is_full: others took so much
    by the last measure that nothing should begin."""

    def __init__(self, bitrate: int, stream: int, mono_s: float) -> None:
        """stream: any number; the broadcasts after a restart should not have those of before."""
        self.running: Broadcast | None = None
        self.name: Name | None = None
        self.generation = 0
        self.is_full = False
        self._bitrate, self._stream = bitrate, stream
        self._guard, self._load = BusGuard(bitrate, SHARE, mono_s), Load(mono_s)
        self._ended: Broadcast | None = None
        """Its last word is still to be said."""
        self._is_flowing = False

    def begin(self, name: Name, document: Document, terminals: Iterable[int], mono_s: float) -> Broadcast:
        """To these addresses. One at a time."""
        self._stream = (self._stream + 1) % STREAMS
        kept = document.kept
        self.name, self.generation = name, document.head.generation
        self.running = Broadcast(self._stream, kept.signed, kept.body, terminals, mono_s)
        self._is_flowing = True
        return self.running

    def retire(self) -> None:
        """It is over, and what became of it is known."""
        self._ended, self.running, self.name = self.running, None, None

    def measure(self, mono_s: float) -> None:
        """Call four times a second or so, whatever runs."""
        self.is_full = self._load.share(self._bitrate, mono_s) > LOAD_SHARE

    # ---- see Sender

    def next_frame(self, mono_s: float) -> Down | None:
        """Within the guard; the last word of the one before comes first."""
        if self.running is None and self._ended is None:
            return None
        if not self._guard.has_room(mono_s):
            return None
        frame = self._ended.next_frame(mono_s) if self._ended is not None else None
        if frame is None:
            self._ended = None
            frame = self.running.next_frame(mono_s) if self.running is not None else None
        self._is_flowing = frame is not None
        return frame

    def hear(self, terminal: int, answer: Answer, mono_s: float) -> None:
        """Of a stream that is under way."""
        if self.running is not None:
            self.running.hear(terminal, answer, mono_s)
            self._is_flowing = True

    def seen(self, bits: int, is_ours: bool, mono_s: float) -> None:
        """All of it counts for the guard, while it has something to guard."""
        if not is_ours:
            self._load.seen(bits)
        if self.running is not None or self._ended is not None:
            self._guard.seen(bits, mono_s)

    def tick(self, mono_s: float) -> None:
        """Time has passed."""
        if self.running is not None and mono_s >= self.running.due_s():
            self.running.tick(mono_s)
            self._is_flowing = True

    def due_s(self, mono_s: float) -> float:
        """When there is room, where something waits for room; else when the broadcast wants to go on."""
        if self._is_flowing or self._ended is not None:
            return self._guard.due_s(mono_s)
        idle_s = mono_s + IDLE_S
        return idle_s if self.running is None else min(idle_s, self.running.due_s())
