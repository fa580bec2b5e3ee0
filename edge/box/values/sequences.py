"""What the outbox holds and what the ledger has settled, per stream: the numbers of ACK, SETTLED and WELCOME. Pure.

A seq is settled when every row that carries it is: a fork has two rows, and the body that wrote the second one must
not be told SETTLED for bytes that the ledger has never seen. A row that becomes unsettled pulls its mark down. Between
`settle` (the ledger has named it) and `confirm` (that is durable here) nothing is told; `reopen` takes a settle back.
"""

from collections.abc import Iterable

from edge.box.values.ranges import Ranges
from edge.box.values.streams import Ref, Stream


class _Seqs:
    __slots__ = ("brought", "durable", "held", "open_twice", "settled")

    def __init__(self) -> None:
        self.brought = Ranges()
        """Of rows, and of nobody's word: what the ledger may have to name in runs."""
        self.held = Ranges()
        self.settled = Ranges()
        self.durable = Ranges()
        self.open_twice: dict[int, int] = {}
        """seq → unsettled rows that carry it, only where there are two or more."""


class Sequences:
    """All streams of one outbox. Bounded by the streams that exist and by Ranges.PIECES_MAX for each."""

    def __init__(self) -> None:
        self._streams: dict[Stream, _Seqs] = {}

    def holds(self, stream: Stream, seq: int) -> bool:
        """True when a row of this seq is, or was, in the outbox."""
        seqs = self._streams.get(stream)
        return seqs is not None and seq in seqs.held

    def is_stray(self, stream: Stream, seq: int) -> bool:
        """Would this seq stand alone, neither a row's nor beside a row's?"""
        seqs = self._streams.get(stream)
        return seqs is None or not any(near in seqs.brought for near in (seq - 1, seq, seq + 1))

    def pieces(self, stream: Stream) -> int:
        """Of how many runs the rows consist. A terminal's word closes no hole here: at the ledger it closes none."""
        seqs = self._streams.get(stream)
        return len(seqs.brought.pieces()) if seqs else 0

    def held_upto(self, stream: Stream, top: int) -> Ranges:
        """A copy of what is held, without what lies above `top`."""
        seqs = self._streams.get(stream)
        return seqs.held.upto(top) if seqs else Ranges()

    def highest(self, stream: Stream) -> int:
        """The highest seq held, 0 if none."""
        seqs = self._streams.get(stream)
        return seqs.held.pieces()[-1][1] if seqs and seqs.held else 0

    def mark(self, stream: Stream) -> int:
        """All up to here is settled, and that is durable: what a terminal may be told."""
        seqs = self._streams.get(stream)
        return seqs.durable.run(0) if seqs else 0

    def rebase(self, stream: Stream, mark: int) -> None:
        """All up to `mark` was settled once: a durable mark, or the terminal's own proven word.

        Believed for what is not held here; rows that are held know better themselves.
        """
        seqs = self._of(stream)
        for low, high in seqs.held.gaps(1, mark):
            seqs.held.add(low, high)
            seqs.settled.add(low, high)
            seqs.durable.add(low, high)

    def keep(self, ref: Ref) -> None:
        """An unsettled row with this seq has become durable."""
        seqs = self._of(ref.stream)
        if ref.seq in seqs.held and ref.seq not in seqs.settled:
            seqs.open_twice[ref.seq] = seqs.open_twice.get(ref.seq, 1) + 1
        seqs.brought.add(ref.seq)
        seqs.held.add(ref.seq)
        seqs.settled.remove(ref.seq)
        seqs.durable.remove(ref.seq)

    def know_settled(self, ref: Ref) -> None:
        """A settled row with this seq is in the outbox (used when an outbox is read at the start)."""
        seqs = self._of(ref.stream)
        seqs.brought.add(ref.seq)
        if ref.seq not in seqs.held:
            seqs.held.add(ref.seq)
            seqs.settled.add(ref.seq)
            seqs.durable.add(ref.seq)

    def settle(self, refs: Iterable[Ref]) -> dict[Stream, int]:
        """One row of each of these is about to be settled. Returns the mark that each stream among them will have."""
        touched: dict[Stream, None] = {}
        for ref in refs:
            self._settle_one(ref)
            touched[ref.stream] = None
        return {stream: self._of(stream).settled.run(0) for stream in touched}

    def confirm(self, refs: Iterable[Ref]) -> None:
        """The settle of these is durable."""
        for ref in refs:
            seqs = self._of(ref.stream)
            if ref.seq in seqs.settled:
                seqs.durable.add(ref.seq)

    def reopen(self, refs: Iterable[Ref]) -> None:
        """The settle of these has failed: each of the rows is unsettled, as before."""
        for ref in refs:
            self.keep(ref)

    def leave(self, refs: Iterable[Ref]) -> None:
        """Rows of these were answered without their device, and that is durable: as if they had never come."""
        for ref in refs:
            self._leave_one(ref)

    def _leave_one(self, ref: Ref) -> None:
        seqs = self._of(ref.stream)
        rows = seqs.open_twice.pop(ref.seq, 1)
        if rows > 2:
            seqs.open_twice[ref.seq] = rows - 1
        elif rows == 1 and ref.seq not in seqs.settled:
            seqs.brought.remove(ref.seq)
            seqs.held.remove(ref.seq)

    def _settle_one(self, ref: Ref) -> None:
        seqs = self._of(ref.stream)
        rows = seqs.open_twice.pop(ref.seq, 1)
        if rows == 1:
            seqs.held.add(ref.seq)
            seqs.settled.add(ref.seq)
        elif rows > 2:
            seqs.open_twice[ref.seq] = rows - 1

    def _of(self, stream: Stream) -> _Seqs:
        seqs = self._streams.get(stream)
        if seqs is None:
            seqs = self._streams[stream] = _Seqs()
        return seqs
