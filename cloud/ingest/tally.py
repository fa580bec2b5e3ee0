"""What the ingest has done and what the books say, as numbers for the STATUS line.

Written by the ledger thread and the loop, each its own numbers; read by the loop. A number may be a second old.
"""

from dataclasses import asdict, dataclass, field

from cloud.ledger.views import Overview
from shared.errors import KeyFault, StoreFault


@dataclass(frozen=True, slots=True)
class Books:
    """Of the data folder since its first start. records = posted + suspense + quarantined + no_entry."""

    records: int = 0
    posted: int = 0
    held: int = 0
    suspense: int = 0
    quarantined: int = 0
    no_entry: int = 0
    duplicates: int = 0
    oldest_ms: int = 0
    """Since when (Unix ms) a box waits for a ledger ack; 0 = none does."""


@dataclass(slots=True)
class Tally:
    """Of this process since its start. received: records in committed batches; faults are counted per attempt."""

    received: int = 0
    batches: int = 0
    messages: int = 0
    junk: int = 0
    letters: int = 0
    letters_unsent: int = 0
    copies: int = 0
    copies_skipped: int = 0
    recoveries: int = 0
    key_faults: int = 0
    store_faults: int = 0
    last_fault: str = ""
    books: Books = field(default_factory=Books)

    def committed(self, messages: int, records: int) -> None:
        """A ledger transaction."""
        self.batches += 1
        self.messages += messages
        self.received += records

    def failed(self, fault: KeyFault | StoreFault) -> None:
        """An attempt that did nothing, because the key process or the database is away."""
        if isinstance(fault, KeyFault):
            self.key_faults += 1
        else:
            self.store_faults += 1
        self.last_fault = f"{type(fault).__name__}: {fault}"[:200]

    def figures(self) -> dict[str, object]:
        """All of it, for STATUS."""
        own = asdict(self)
        books: dict[str, object] = own.pop("books")
        return {**books, **own}


def books_of(view: Overview) -> Books:
    """The part of the overview that STATUS shows."""
    return Books(
        view.records, view.posted, view.held, view.suspense, view.quarantined, view.no_entry, view.duplicates,
        view.oldest_ms,
    )  # fmt: skip
