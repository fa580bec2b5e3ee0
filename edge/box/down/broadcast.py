"""One document to all terminals of a bus at once: the box's half. Pure; the caller sends what `next_frame` gives.

Announce, and wait until all are ready (flash erased) or the bound is reached; send every symbol of every page once; ask
how many each page lacks; send as many repair symbols as the one who lacks most needs; ask again. Whoever does not
answer, refuses, or ends with a wrong digest is named in `fates` and holds up nobody: what it lacks comes to it by
pages, as any document. Whoever has pages of before (a power cut, a box that was restarted) says so, and is asked
first.

Bounds: READY_S for the barrier; after QUIET_S without any answer a call is repeated, and whoever answered it passes it
over; SILENCES of those in a row make somebody silent, until it speaks; ROUNDS_MAX rounds of counts. None of them
depends on how many terminals there are.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import chain

from edge.link.broadcast import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_SIZE,
    GROUP,
    Answer,
    Ask,
    Call,
    Down,
    Say,
    Symbol,
    announcement,
)
from shared.fleet.coding import data_symbols, symbol_number, symbol_of
from shared.fleet.document import SignedHead, pages_of

READY_S = 15.0
CALL_AGAIN_S = 2.0
QUIET_S = 0.5
SILENCES = 6
ROUNDS_MAX = 16
SPARE = 2
"""Symbols of an announcement beyond those that it needs: a frame that is lost delays nobody."""
_NEVER = float("inf")


class Fate(Enum):
    """Of one terminal."""

    AWAITED = "awaited"
    READY = "ready"
    WHOLE = "whole"
    REFUSED = "refused"
    WRONG_DIGEST = "wrong digest"
    SILENT = "silent"
    LAGGING = "lagging"
    """It still lacked symbols after ROUNDS_MAX rounds."""


_UNDER_WAY = Fate.AWAITED, Fate.READY


class _Phase(Enum):
    READYING = 1
    SENDING = 2
    COUNTING = 3
    OVER = 4


class Broadcast:
    """fates: of each terminal that was named; refused: with which verdict's number; sent: symbols of pages so far."""

    def __init__(self, stream: int, signed: SignedHead, body: bytes, terminals: Iterable[int], mono_s: float) -> None:
        self.fates = dict.fromkeys(terminals, Fate.AWAITED)
        self.refused: dict[int, int] = {}
        self.rounds = self.sent = 0
        self._stream = stream
        self._head, self._pages = announcement(signed), tuple(pages_of(body))
        self._turns = [data_symbols(len(page)) for page in self._pages]
        self.total = sum(self._turns)
        self._lacks = dict.fromkeys(self.fates, self.total)
        self._sums: dict[int, int] = {}
        """Of this round: what each has said to lack, so far."""
        self._lacking = [0] * len(self._pages)
        self._silences = dict.fromkeys(self.fates, 0)
        self._counted: set[int] = set()
        self._held: dict[int, int] = {}
        self._turn = self._announced = 0
        self._phase = _Phase.READYING
        self._until_s, self._due_s = mono_s + READY_S, mono_s
        self._frames: Iterator[Down] = iter(())

    @property
    def is_sending(self) -> bool:
        """The barrier is behind it."""
        return self._phase is not _Phase.READYING

    def lacking(self, terminal: int) -> int:
        """Symbols, of `total`, as far as is known: by its own word, and before its first one by what has gone."""
        if self.fates.get(terminal) is Fate.WHOLE:
            return 0
        most = self._lacks.get(terminal, self.total)
        return max(1, most - self.sent) if self.rounds == 0 else most

    @property
    def is_over(self) -> bool:
        """Nothing more will be sent."""
        return self._phase is _Phase.OVER

    def next_frame(self, mono_s: float) -> Down | None:
        """What goes onto the bus next; None: nothing before an answer, or `due_s`."""
        frame = next(self._frames, None)
        if frame is None and self._phase is _Phase.SENDING:
            self._count(mono_s)
            frame = next(self._frames, None)
        if isinstance(frame, Call):
            self._due_s = mono_s + (CALL_AGAIN_S if frame.ask is Ask.READY else QUIET_S)
        return frame

    def hear(self, terminal: int, answer: Answer, mono_s: float) -> None:
        """An answer. Whoever was not named, or is of another stream, is passed over."""
        fate = self.fates.get(terminal)
        if fate is None or answer.stream != self._stream or self.is_over:
            return
        self._silences[terminal] = 0
        if self._phase is _Phase.COUNTING:
            self._due_s = mono_s + QUIET_S
        match answer.say:
            case Say.READY:
                self._held[terminal] = answer.held
                self._lacks[terminal] = sum(self._turns[answer.held :]) if not self.rounds else self._lacks[terminal]
            case Say.LACKING:
                self._note(terminal, answer)
            case Say.COUNTED if answer.at == self._turn:
                self._counted.add(terminal)
                self._lacks[terminal] = self._sums.get(terminal, 0)
        self.fates[terminal] = _FATES.get(answer.say, Fate.READY)
        if answer.say is Say.REFUSED:
            self.refused[terminal] = answer.at
        self._look(mono_s)

    def joined(self, terminal: int, mono_s: float) -> None:
        """A terminal came (again): it is told what is under way, and asked with the others. Not once it is over."""
        if self.is_over or self.fates.get(terminal) in (Fate.WHOLE, Fate.REFUSED):
            return
        self.fates[terminal], self._silences[terminal] = Fate.AWAITED, 0
        self._lacks.setdefault(terminal, self.total)
        if self._phase is _Phase.READYING:
            self._due_s = mono_s
        else:
            self._frames = chain(self._announcement(), self._frames)

    def tick(self, mono_s: float) -> None:
        """Wake at `due_s`."""
        if mono_s < self.due_s():
            return
        if self._phase is _Phase.READYING:
            self._ready_again(mono_s)
        elif self._phase is _Phase.COUNTING:
            self._miss()
            self._frames, self._due_s = self._asking(), mono_s + QUIET_S
            self._look(mono_s)

    def due_s(self) -> float:
        """Monotonic second of the next `tick` that does anything."""
        if self._phase is _Phase.READYING:
            return min(self._due_s, self._until_s)
        return self._due_s if self._phase is _Phase.COUNTING else _NEVER

    def end(self) -> None:
        """Stop: a meal period has begun, or somebody said so. What came stays where it is."""
        for terminal in self._under_way():
            self.fates[terminal] = Fate.LAGGING if self.fates[terminal] is Fate.READY else Fate.SILENT
        self._phase = _Phase.OVER
        self._frames = iter((Call(self._stream, Ask.END, self._turn),))

    # --- inside ---------------------------------------------------------------------------------------------------

    def _under_way(self) -> list[int]:
        return [terminal for terminal, fate in self.fates.items() if fate in _UNDER_WAY]

    def _look(self, mono_s: float) -> None:
        """Has everybody answered that is waited for?"""
        there = self._under_way()
        if not there:
            self.end()
        elif self._phase is _Phase.READYING:
            if all(self.fates[one] is Fate.READY for one in there):
                self._begin(mono_s)
        elif self._phase is _Phase.COUNTING and self._counted.issuperset(there):
            self._repair()

    def _ready_again(self, mono_s: float) -> None:
        if mono_s < self._until_s:
            self._frames = self._announcement()
            self._due_s = self._until_s
            return
        for terminal in self._under_way():
            if self.fates[terminal] is Fate.AWAITED:
                self.fates[terminal] = Fate.SILENT
        if self._under_way():
            self._begin(mono_s)
        else:
            self.end()

    def _begin(self, mono_s: float) -> None:
        self._phase = _Phase.SENDING
        if all(self._held.get(one) for one in self._under_way()):
            self._count(mono_s)
        else:
            self._frames = self._pass()

    def _count(self, mono_s: float) -> None:
        if self.rounds >= ROUNDS_MAX:
            self.end()
            return
        self.rounds += 1
        self._phase, self._due_s = _Phase.COUNTING, mono_s + QUIET_S
        self._lacking = [0] * len(self._pages)
        self._counted.clear()
        self._sums.clear()
        self._turn = (self._turn + 1) % 256
        self._frames = self._asking()

    def _asking(self) -> Iterator[Down]:
        """Whoever does not know yet what it is about is told first."""
        call = Call(self._stream, Ask.COUNT, self._turn)
        return chain(self._announcement() if Fate.AWAITED in self.fates.values() else (), (call,))

    def _note(self, terminal: int, answer: Answer) -> None:
        if self._phase is not _Phase.COUNTING:
            return
        self._sums[terminal] = self._sums.get(terminal, 0) + sum(answer.counts)
        for page, count in enumerate(answer.counts, answer.at * GROUP):
            if page < len(self._pages):
                self._lacking[page] = max(self._lacking[page], count)

    def _miss(self) -> None:
        for terminal in self._under_way():
            if terminal not in self._counted:
                self._silences[terminal] += 1
                if self._silences[terminal] >= SILENCES:
                    self.fates[terminal] = Fate.SILENT

    def _repair(self) -> None:
        self._phase = _Phase.SENDING
        self._frames = self._repairs([*self._lacking])

    def _pass(self) -> Iterator[Down]:
        for number, page in enumerate(self._pages):
            for at in range(data_symbols(len(page))):
                yield self._symbol(number, at)

    def _repairs(self, lacking: list[int]) -> Iterator[Down]:
        for number, count in enumerate(lacking):
            for _ in range(min(count, data_symbols(len(self._pages[number])))):
                yield self._symbol(number, self._fresh(number))

    def _fresh(self, number: int) -> int:
        """The symbol of this page that was not sent for longest."""
        self._turns[number] += 1
        return symbol_number(len(self._pages[number]), self._turns[number] - 1)

    def _symbol(self, number: int, at: int) -> Symbol:
        self.sent += 1
        return Symbol(self._stream, number, at, symbol_of(self._pages[number], at))

    def _announcement(self) -> Iterator[Down]:
        """Other symbols each time: what was lost of one announcement, the next makes good."""
        for _ in range(data_symbols(ANNOUNCEMENT_SIZE) + SPARE):
            number = symbol_number(ANNOUNCEMENT_SIZE, self._announced)
            self._announced += 1
            yield Symbol(self._stream, ANNOUNCEMENT, number, symbol_of(self._head, number))
        yield Call(self._stream, Ask.READY, self._turn)


_FATES = {Say.WHOLE: Fate.WHOLE, Say.REFUSED: Fate.REFUSED, Say.WRONG_DIGEST: Fate.WRONG_DIGEST}
