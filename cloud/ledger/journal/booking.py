"""Writes what one transaction adds to the append-only books, and chains it to what stood before.

Batch chain, per topic partition: hash = SHA-256(previous hash ‖ number ‖ SHA-256 over the digests of its records ‖ the
same of its entries), in the order of their numbers. `verify` works it out again, so an edited row is noticed. What no
record can bring again gets a link of the book-only chain beside it.
"""

import hashlib
from collections.abc import Iterable
from enum import IntEnum
from struct import Struct

from cloud.ledger.books.entry import Entry, entry_digest
from cloud.ledger.journal.book_chain import COLUMNS as BOOK_COLUMNS
from cloud.ledger.journal.book_chain import NO_HEAD, BookLink, BookLinkKind, Head, is_book_only, make_link
from cloud.ledger.journal.readers import ENTRIES, LINKS, RECORDS
from cloud.ledger.records.arrival import Arrival
from cloud.ledger.records.values import Now, Verdict
from cloud.store.db import Database, Lines, Question, Row, Rows

RECORD_COLUMNS = (
    "id, key, fork, digest, stored, verdict, reason, partition, number, box, received_ms, received_s"
)  # fmt: skip
POSTING_COLUMNS = (
    "entry, line, debit, credit, fen, book, kind, effective_day, booked_at_ms, flags, partition, number, key, "
    "input_hash, record, document, reverses"
)
PROOF_COLUMNS = "card_key, slot, claim, record"
BATCH_COLUMNS = "partition, number, kind, records, entries, committed_ms, hash"
CHUNK = 5000
"""Rows that a walk over a table which may be long reads at once."""
FLUSH_RECORDS = 64
"""So many are handed to the database at once: a server writes them down while the next are judged."""
_NO_HEAD_COLUMNS = None, None, None, None, None
"""Of every line but an entry's first."""
_RECORD = Struct(">QQBHQI")
_NUMBER = Struct(">HQ")


class BatchKind(IntEnum):
    """RECOVERY: the numbers go on above an acknowledgement that this ledger no longer knows."""

    ORDINARY = 0
    RECOVERY = 1


class _Chain:
    """The open batch of one partition."""

    __slots__ = ("digests_of_entries", "digests_of_records", "number", "previous")

    def __init__(self, number: int, previous: bytes) -> None:
        self.number = number
        self.previous = previous
        self.digests_of_records: list[bytes] = []
        self.digests_of_entries: list[bytes] = []


class Booking:
    """Everything that one transaction adds. `flush` writes rows, `close` seals the batches; then the commit."""

    def __init__(self, db: Database, now: Now, book: int, last_record: int, last_entry: int, book_only: Head) -> None:
        """book_only: the newest link of the book-only chain."""
        self._db = db
        self._now = now
        self._book = book
        self._record, self._entry = last_record, last_entry
        self._book_only = book_only
        self._links: list[BookLink] = []
        self._heads: dict[int, Head] = {}
        self._chains: dict[int, _Chain] = {}
        self._records: list[Row] = []
        self._proofs: list[Row] = []
        self._postings: list[Row] = []
        self._least = ""

    def need(self, least: str) -> None:
        """Programs of an older schema cannot read what this transaction adds. '': all can."""
        self._least = max(self._least, least)

    @property
    def last(self) -> tuple[int, int]:
        """The highest numbers of a record and of an entry, with those of this transaction."""
        return self._record, self._entry

    def add_record(self, arrival: Arrival, verdict: Verdict, reason: int, fork: int, partition: int, box: str) -> int:
        """The record's number in the books."""
        if len(self._records) >= FLUSH_RECORDS:
            self.flush()
        self._record += 1
        if arrival.record is not None and arrival.record.kind in RECORDS:
            self.need(RECORDS[arrival.record.kind])
        chain, record = self._chain(partition), self._record
        ms, s = self._now
        self._records.append(
            (record, arrival.key, fork, arrival.digest, arrival.stored, int(verdict), int(reason), partition,
             chain.number, box, ms, s)
        )  # fmt: skip
        chain.digests_of_records.append(record_digest(arrival.sha, record, fork, verdict, reason, ms, s))
        return record

    def claim_keys(self, arrival: Arrival, record: int) -> None:
        """The card's counter, and for a purchase its TAC, are proven by this record and no other."""
        self._proofs.append((arrival.card_key, arrival.slot or None, arrival.claim or None, record))

    def add_entry(self, entry: Entry, partition: int) -> int:
        """The entry's number in the books."""
        self._entry += 1
        self.need(ENTRIES.get(entry.kind, ""))
        chain, ms = self._chain(partition), self._now.unix_ms
        every_line = (self._book, int(entry.kind), entry.effective_day, ms, entry.flags, partition, chain.number)
        head: Row = (entry.key, entry.input_hash, entry.record, entry.document, entry.reverses)
        for line, posting in enumerate(entry.postings):
            self._postings.append((self._entry, line, *posting, *every_line, *head))
            head = _NO_HEAD_COLUMNS
        digest = entry_digest(self._entry, ms, self._book, entry)
        chain.digests_of_entries.append(digest)
        if is_book_only(entry):
            self.link(BookLinkKind.ENTRY, self._entry, hashlib.sha256(digest).digest())
        return self._entry

    def link(self, kind: BookLinkKind, what: int, digest: bytes, number: int = 0) -> None:
        """One more link of the book-only chain. number: above a gap (make_link)."""
        made = make_link(self._book_only, int(kind), what, digest, self._now.unix_ms, number)
        self._book_only = made.number, made.hash
        self._links.append(made)
        self.need(LINKS.get(made.kind, ""))

    @property
    def book_only(self) -> Head:
        """The newest link, this transaction's if it has one."""
        return self._book_only

    def flush(self) -> None:
        """Write what was added so far, so that it can be found."""
        self._db.insert_all(
            Lines("record", RECORD_COLUMNS, self._records),
            Lines("proof", PROOF_COLUMNS, self._proofs),
            Lines("posting", POSTING_COLUMNS, self._postings),
        )
        self._records, self._proofs, self._postings = [], [], []

    def close(self) -> None:
        """Write the rest and seal the batch of each partition that got something."""
        self.flush()
        rows = [
            (partition, c.number, int(BatchKind.ORDINARY), len(c.digests_of_records), len(c.digests_of_entries),
             self._now.unix_ms, batch_hash(c.previous, partition, c.number, c.digests_of_records, c.digests_of_entries))
            for partition, c in self._chains.items()
        ]  # fmt: skip
        self._db.insert("batch", BATCH_COLUMNS, rows)
        self._db.insert("book_chain", BOOK_COLUMNS, self._links)
        if self._least:
            self._db.run("UPDATE schema_reader SET least = ? WHERE least < ?", (self._least, self._least))
        self._heads |= {row[0]: (row[1], row[-1]) for row in rows}
        self._chains, self._links = {}, []

    def know_head(self, partition: int, rows: Rows) -> None:
        """The answer to head_question, so that it need not be asked for again."""
        self._heads[partition] = head_in(rows)

    def head(self, partition: int) -> Head:
        """Number and hash of the partition's last batch, this transaction's if it has one. When all is sealed."""
        return self._head(partition)

    def _chain(self, partition: int) -> _Chain:
        chain = self._chains.get(partition)
        if chain is None:
            number, previous = self._head(partition)
            chain = self._chains[partition] = _Chain(number + 1, previous)
        return chain

    def _head(self, partition: int) -> Head:
        if partition not in self._heads:
            self._heads[partition] = head(self._db, partition)
        return self._heads[partition]


def head_question(partition: int) -> Question:
    """Asks for the last batch of a partition."""
    sql = "SELECT number, hash FROM batch WHERE partition = ? ORDER BY number DESC LIMIT 1"
    return Question(sql, (partition,))


def head(db: Database, partition: int) -> Head:
    """Number and hash of the last batch of a partition; NO_HEAD before the first."""
    return head_in(db.ask(head_question(partition))[0])


def head_in(rows: Rows) -> Head:
    """As head_question, or book_head_question, is answered."""
    return (rows[0][0], bytes(rows[0][1])) if rows else NO_HEAD


def number_on(db: Database, partition: int, number: int, now_ms: int) -> None:
    """Leave a gap in the numbers, sealed as such: the next batch gets number + 1."""
    _, previous = head(db, partition)
    sealed = batch_hash(previous, partition, number, (), ())
    db.insert("batch", BATCH_COLUMNS, [(partition, number, int(BatchKind.RECOVERY), 0, 0, now_ms, sealed)])


def record_digest(
    sha: bytes, number: int, fork: int, verdict: int, reason: int, received_ms: int, received_s: int
) -> bytes:
    """Over the record's bytes and all that the books say of it."""
    return sha + _RECORD.pack(number, fork, verdict, reason, received_ms, received_s)


def batch_hash(
    previous: bytes, partition: int, number: int, records: Iterable[bytes], entries: Iterable[bytes]
) -> bytes:
    """32 bytes."""
    return seal_hash(previous, partition, number, _joined(records), _joined(entries))


def seal_hash(previous: bytes, partition: int, number: int, records: bytes, entries: bytes) -> bytes:
    """As batch_hash, from the SHA-256 over the records' digests and that over the entries'."""
    return hashlib.sha256(previous + _NUMBER.pack(partition, number) + records + entries).digest()


def _joined(digests: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(digests)).digest()
