"""A head of the book-only chain that no box has witnessed goes to all of them: within seconds, not with the next meal.

A box that sends records has it with its next ack; this is for the others. Said AGAIN times, for a message may find no
connection; a box that was away hears it with the answer to its Hello. Then each is asked to show what it keeps, so that
the books know what it has seen, and an older copy of them names nothing as gone that it has. Bound: the boxes that have
said Hello; one ack each, no oftener than SPREAD_S, and one question each, no oftener than ASK_S.

What a verified backup covers is told the same way: a box of form 3 hears it with the answer to its Hello, and is asked
to say one when there is a newer mark.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from cloud.ledger.journal.book_chain import NO_HEAD
from cloud.ledger.ledger import Ledger
from cloud.ledger.receive.backup_marks import BackupMarks, Covered
from cloud.ledger.records.values import Now
from shared.ids import BoxId, StoreId
from shared.wire.messages import FORM_3, AckBody, BackupMark

MET_MAX = 4096
SPREAD_S = 3
AGAIN = 2
ASK_S = 60


class Met:
    """Which outboxes have said Hello to this process, since the books were last seen to go back: only these get heads.

    Belongs to the ledger thread. Bound: MET_MAX; at the bound all are asked again.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._began = ledger.opened.began
        self._stores: set[tuple[BoxId, StoreId]] = set()

    def has(self, box: BoxId, store: StoreId) -> bool:
        """Is what it bears witness of looked up?"""
        if self._ledger.opened.began != self._began:  # put back while we had them open
            self._began = self._ledger.opened.began
            self._stores.clear()
        return (box, store) in self._stores

    def add(self, box: BoxId, store: StoreId) -> None:
        """Its Hello is answered."""
        if len(self._stores) >= MET_MAX:
            self._stores.clear()
        self._stores.add((box, store))

    @contextmanager
    def undone_by_a_fault(self) -> Iterator[None]:
        """What is added within counts only when nothing is raised."""
        before = set(self._stores)
        try:
            yield
        except BaseException:
            self._stores = before
            raise


class Witnesses:
    """Belongs to the ledger thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._head = NO_HEAD
        self._left = 0
        self._said_ms: int | None = None
        self._to_ask: list[AckBody] = []
        self._unasked_ms = 0

    def due(self, now: Now) -> list[AckBody]:
        """Acks with the newest head, for every box, when it is time to. They count as told. StoreFault."""
        if _is_within(SPREAD_S, self._said_ms, now):
            return []
        head = self._ledger.book_head()
        if head != self._head:
            self._head, self._left = head, AGAIN
        if not self._left:
            return []
        acks = self._ledger.witness_acks()
        self._left, self._said_ms = self._left - 1, now.unix_ms
        self._unasked_ms = self._unasked_ms if self._to_ask else now.unix_ms
        self._to_ask = acks
        return acks

    def to_ask(self, now: Now) -> list[AckBody]:
        """The acks that were told last, ASK_S after the first of which nobody asked; they count as asked."""
        if not self._to_ask or _is_within(ASK_S, self._unasked_ms, now):
            return []
        told, self._to_ask = self._to_ask, []
        return told


class BackupsTold:
    """Which backup mark each box was told. Belongs to the ledger thread. In memory: a new process learns from the first
    batch of a box that it takes marks. Bound: MET_MAX outboxes; at the bound all are learnt again."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._marks = BackupMarks(ledger.opened)
        self._partitions: dict[tuple[BoxId, StoreId], int] = {}
        """Of the outboxes that take marks."""
        self._told: dict[tuple[BoxId, StoreId], Covered] = {}
        self._asked: dict[tuple[BoxId, StoreId], tuple[Covered, int]] = {}
        """For which mark each was asked for a Hello, and when."""
        self._looked_ms: int | None = None

    def spoke(self, box: BoxId, store: StoreId, partition: int, form: int) -> None:
        """A batch of it came."""
        if form < FORM_3:
            return
        if len(self._partitions) >= MET_MAX:
            self._partitions.clear()
            self._asked.clear()
        self._partitions[box, store] = partition

    def answer(self, box: BoxId, store: StoreId) -> BackupMark | None:
        """What its Hello is answered with, when it takes marks and there is one. It counts as told. StoreFault."""
        mark = self._marks.covered().get((box, store)) if (box, store) in self._partitions else None
        if mark is None:
            return None
        self._told[box, store] = mark
        return BackupMark(self._ledger.id, store, mark.row, mark.made_ms)

    def to_ask(self, now: Now) -> list[tuple[BoxId, StoreId, int]]:
        """Those that a newer mark waits for: outbox and partition; each at once, and again after ASK_S. StoreFault."""
        if not self._partitions or _is_within(SPREAD_S, self._looked_ms, now):
            return []
        self._looked_ms, marks = now.unix_ms, self._marks.covered()
        due = [key for key in self._partitions if key in marks and self._is_due(key, marks[key], now)]
        self._asked |= {key: (marks[key], now.unix_ms) for key in due}
        return [(*key, self._partitions[key]) for key in due]

    def _is_due(self, key: tuple[BoxId, StoreId], mark: Covered, now: Now) -> bool:
        asked, at_ms = self._asked.get(key, (None, None))
        return self._told.get(key) != mark and (asked != mark or not _is_within(ASK_S, at_ms, now))


def _is_within(seconds: int, since_ms: int | None, now: Now) -> bool:
    return since_ms is not None and 0 <= now.unix_ms - since_ms < seconds * 1000
