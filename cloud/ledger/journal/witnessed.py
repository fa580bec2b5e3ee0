"""What was witnessed of this ledger's chains: is it contained, and if not, what is written down of it.

A head that boxes or a saved checkpoint bear witness of is contained when the chain has this very hash at its number, or
when it lies in what is known to be lost already: then a row of put_back names it. Inside of a transaction.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.journal.book_chain import Head, book_hash_at
from cloud.ledger.journal.booking import head
from cloud.store.db import Database
from shared.wire.messages import AckBody

COLUMNS = "id, box, store, partition, shown, here, chain, row_shown, row_here, first, last, book, since_ms, at_ms"


Chain = tuple[int, int, bytes]


class Claim(NamedTuple):
    """What somebody bears witness of. chains: partition, number, hash, which is b"" of a box of release 0.1 and then
    only the number counts. book: the book-only head; None where nothing is said of it."""

    who: str
    chains: tuple[Chain, ...]
    book: Head | None


class PutBack(NamedTuple):
    """A box has shown an ack that this ledger did not contain, `number` counted from 1.

    shown, here: numbers in the partition's chain. row_shown, row_here: outbox rows that the ack names, and that were
    held. first..last: book-only links that are gone, 0..0 if none is, made after since_ms; book: hash of the last one,
    b"" where the box said nothing of that chain. proposal: by which two persons have closed it.
    """

    number: int
    box: str
    store: bytes
    partition: int
    shown: int
    here: int
    chain: bytes
    row_shown: int
    row_here: int
    first: int
    last: int
    book: bytes
    since_ms: int
    at_ms: int
    proposal: int | None = None

    @property
    def is_unknown(self) -> bool:
        """Is it not known whether any link is gone?"""
        return not self.book

    @property
    def is_open(self) -> bool:
        """Must two persons see to it still?"""
        return self.proposal is None and (self.is_unknown or self.last > 0)


class Missing(NamedTuple):
    """What of a claim this ledger does not contain, and does not know to be lost."""

    chain: Chain | None
    book: bool


def claim_of(ack: AckBody) -> Claim:
    """What a box's ack bears witness of."""
    heads = ack.heads
    chains = ((ack.partition, ack.number, heads.chain if heads else b""),)
    return Claim(ack.box, chains, (heads.number, heads.book) if heads else None)


def seen_by(db: Database, box: str) -> int | None:
    """The newest of our links that this box is known to have seen; None: it was never heard."""
    rows = db.run("SELECT number FROM witness WHERE box = ?", (box,))
    return int(rows[0][0]) if rows else None


def common_with(db: Database, box: str) -> int:
    """Up to this number our links are those that the box has seen. What it has seen besides, and we do not contain,
    comes after it: we may have booked over that since then.

    Of a box that was never heard, whose first word was lost with all that came after it, what any other has seen: a
    command may have booked before this process began, so our own head is no bound. 0: nobody was ever heard.
    """
    seen = seen_by(db, box)
    return int(db.run("SELECT COALESCE(MAX(number), 0) FROM witness")[0][0]) if seen is None else seen


def put_backs(db: Database) -> list[PutBack]:
    """All of them, oldest first."""
    columns = ", ".join(f"p.{name}" for name in COLUMNS.split(", "))
    rows = db.run(
        f"SELECT {columns}, c.proposal FROM put_back p LEFT JOIN put_back_close c ON c.put_back = p.id ORDER BY p.id"  # noqa: S608  # our own names
    )
    return [PutBack(*row) for row in rows]


def missing(db: Database, claim: Claim, known: Sequence[PutBack]) -> Missing:
    """Nothing of either, as it should be. known: all put_backs."""
    chain = next((one for one in claim.chains if not _has_batch(db, known, *one)), None)
    return Missing(chain, claim.book is not None and not _has_link(db, known, claim.book))


def _has_batch(db: Database, known: Sequence[PutBack], partition: int, number: int, sealed: bytes) -> bool:
    of_it = [one for one in known if one.partition == partition]
    if any(one.here < number <= one.shown or (one.shown, one.chain) == (number, sealed) for one in of_it):
        return True
    if not sealed or not number:
        return number <= head(db, partition)[0]
    rows = db.run("SELECT hash FROM batch WHERE partition = ? AND number = ?", (partition, number))
    return bool(rows) and bytes(rows[0][0]) == sealed


def _has_link(db: Database, known: Sequence[PutBack], book: Head) -> bool:
    number, sealed = book
    return book_hash_at(db, number) == sealed or any(one.first <= number <= one.last for one in known)
