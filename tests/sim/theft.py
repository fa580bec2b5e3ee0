"""The law of a theft, checked from outside: nothing that came after the report reaches a merchant, and no box that says
it holds the list lets the stolen PSAM or body sell.

What came before is what the ledger had in its table of records at that moment; no mark, verdict or reason is believed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.link.messages import WELCOME
from edge.link.seal import HEAD_SIZE, MAC_SIZE
from shared.errors import WireFault
from shared.records import STORED, STORED_HEAD
from shared.wire.messages import decode_state
from tests.sim.world import Violation


@dataclass(slots=True)
class Theft:
    """One PSAM is reported stolen; body: with its body. record: the last one that the ledger had. mark: of the list."""

    psam: bytes
    device: bytes
    body: bool
    record: int
    mark: tuple[int, int]
    told: set[str] = field(default_factory=set)
    """Boxes that say they hold the list durably."""
    held: int = 0

    def booked(self, entry: int, record: int, stored: bytes, credited: Iterable[str]) -> None:
        """A purchase is in the books."""
        device, _, psam = STORED.unpack(stored[:STORED_HEAD])
        if record <= self.record or not (psam == self.psam or (self.body and device == self.device)):
            return
        self.held += 1
        if any(code.startswith("merchant:") for code in credited):
            raise Violation("theft", f"entry {entry}: record {record} of the stolen PSAM has reached a merchant")

    def state(self, box: str, payload: bytes) -> None:
        """A box says which list it holds."""
        if decode_state(payload).revocations == self.mark:
            self.told.add(box)

    def store_lost(self, box: str) -> None:
        """It begins with nothing again."""
        self.told.discard(box)

    def welcomed(self, box: str, device: bytes, sealed: bytes) -> None:
        """A WELCOME leaves a box for a terminal that still has the stolen PSAM in it."""
        try:
            welcome = WELCOME.decode(sealed[HEAD_SIZE:-MAC_SIZE])
        except WireFault:
            return
        if device == self.device and box in self.told and welcome.current:
            raise Violation("theft", f"{box} holds the list and lets {device.hex()} sell")
