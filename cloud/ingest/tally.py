"""What the ingest has done and what the books say, as numbers for the STATUS line.

Written by the ledger thread and the loop, each its own numbers; read by the loop. A number may be a second old.
"""

from dataclasses import asdict, dataclass, field

from cloud.ledger.read.views import Counts
from shared.errors import KeyFault, StoreFault


@dataclass(slots=True)
class Tally:
    """Of this process since its start. received: records in committed batches; faults are counted per attempt."""

    received: int = 0
    batches: int = 0
    messages: int = 0
    junk: int = 0
    defects: int = 0
    letters: int = 0
    letters_unsent: int = 0
    copies: int = 0
    copies_skipped: int = 0
    recoveries: int = 0
    key_faults: int = 0
    store_faults: int = 0
    last_fault: str = ""
    books: Counts = field(default_factory=Counts)

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
