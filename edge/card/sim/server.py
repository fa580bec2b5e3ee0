"""The card server: puts our cards and PSAMs into the slots of a virtual reader (vpcd), and takes them out again.

A card that lies in a slot is one line to vpcd, served by a thread. Acknowledges every segment at once, for vpcd sends
a length and its body apart without TCP_NODELAY (20 APDU a second against 5,600).
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from edge.card.sim.chip import Chip
from edge.card.sim.place import FIRST_PORT, SLOTS
from edge.card.sim.slot import Cut, Slot
from edge.card.sim.wire import Control, Frames
from shared.errors import ConfigFault
from shared.words.voice import Text

Dial = Callable[[int], socket.socket]
"""A line to a slot of a vpcd that listens; OSError when there is none."""

END_S = 5.0
"""How long a thread may take to notice that its line has dropped."""
EMPTY_S = 0.45
"""A slot is empty for so long between two cards: pcscd looks every 0.4 s, and must have seen the first one leave."""
POWERING = frozenset({Control.ON, Control.RESET})
_CHUNK = 0x10002


def dial_loopback(slot: int) -> socket.socket:
    """The slots of a system's own vpcd, as its package configures it."""
    return socket.create_connection(("127.0.0.1", FIRST_PORT + slot), END_S)


class ServedSlot:
    """One slot and its line. Calls may come from any one thread."""

    def __init__(self, number: int, dial: Dial) -> None:
        self.slot = Slot()
        self._number = number
        self._dial = dial
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._empty_since_s = float("-inf")
        self._seen = threading.Event()

    def insert(self, chip: Chip) -> None:
        """Put a card in; what lay there is pulled. ConfigFault when no reader listens."""
        self.pull()
        time.sleep(max(0.0, self._empty_since_s + EMPTY_S - time.monotonic()))
        try:
            line = self._dial(self._number)
        except OSError as error:
            raise ConfigFault(Text("没有虚拟读卡器在等待", "no virtual reader listens")) from error
        line.settimeout(None)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.slot.insert(chip)
        self._seen.clear()
        self._line = line
        self._thread = threading.Thread(target=self._talk, args=(line,), name=f"slot-{self._number}", daemon=True)
        self._thread.start()

    def until_seen(self, bound_s: float) -> bool:
        """Wait until the reader has powered the card that was put in; False when it has not by then."""
        return self._seen.wait(bound_s)

    def pull(self) -> None:
        """Take the card out, whatever it is doing: a command under way loses its answer. None there: nothing."""
        line, thread, self._line, self._thread = self._line, self._thread, None, None
        if line is not None:
            with suppress(OSError):  # the reader was faster
                line.shutdown(socket.SHUT_RDWR)
        if thread is not None:
            thread.join(END_S)
        with self._lock:
            self.slot.pull()

    def tear(self, cut: Cut, at: int = 1, keep: int = 1) -> None:
        """Cut the `at`-th command from now; MIDDLE lets `keep` bytes of its answer through."""
        with self._lock:
            self.slot.tear(cut, at, keep)

    def _talk(self, line: socket.socket) -> None:
        with line, suppress(OSError):  # the reader went away: so did the card
            self._answer_all(line, Frames())
        self._empty_since_s = time.monotonic()

    def _answer_all(self, line: socket.socket, frames: Frames) -> None:
        while True:
            # this option holds for one acknowledgement only
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            raw = line.recv(_CHUNK)
            if not raw:
                return
            for body in frames.take(raw):
                with self._lock:
                    reaction = self.slot.take(body)
                if len(body) == 1 and body[0] in POWERING:
                    self._seen.set()
                if reaction.raw:
                    line.sendall(reaction.raw)
                if reaction.gone:
                    return


class CardServer:
    """The slots of one virtual reader: a user card's and a PSAM's."""

    def __init__(self, dial: Dial) -> None:
        self.slots = tuple(ServedSlot(number, dial) for number in range(SLOTS))

    @property
    def card(self) -> ServedSlot:
        """The first slot."""
        return self.slots[0]

    @property
    def psam(self) -> ServedSlot:
        """The second slot."""
        return self.slots[1]

    def close(self) -> None:
        """Pull everything."""
        for slot in self.slots:
            slot.pull()
