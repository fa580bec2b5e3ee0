"""What the ingest has done since it started, as numbers for the STATUS line. Written by the ledger thread and the loop,
each its own numbers; read by the loop. A number may be one behind, never wrong."""

from dataclasses import asdict, dataclass

from shared.errors import KeyFault, StoreFault


@dataclass(slots=True)
class Tally:
    """records: received, all verdicts. Faults are counted per attempt."""

    records: int = 0
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

    def received(self, messages: int, records: int) -> None:
        """A ledger transaction was committed."""
        self.batches += 1
        self.messages += messages
        self.records += records

    def failed(self, fault: KeyFault | StoreFault) -> None:
        """An attempt that did nothing, because the key process or the database is away."""
        if isinstance(fault, KeyFault):
            self.key_faults += 1
        else:
            self.store_faults += 1
        self.last_fault = f"{type(fault).__name__}: {fault}"[:200]

    def figures(self) -> dict[str, int | str]:
        """All of it, for STATUS."""
        return asdict(self)
