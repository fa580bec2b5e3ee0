"""The list of stolen devices 失窃设备名单 that counts at this box: durable first, and never an older one. Pure.

Refuses a list with a wrong signature, with a fact. What it names may not join to sell; what it still owes is taken.
"""

from collections.abc import Callable

from edge.box.terminals.terminals import Tell
from edge.box.values.effects import KeepRevocations, Now
from shared.facts.boxes import RevocationsForged
from shared.ids import DeviceId, PsamId
from shared.wire.messages import Revocations, SignedRevocations, decode_revocations

Verify = Callable[[SignedRevocations], bool]
"""Is the signature of the ledger-ack key right?"""


class RevokedHere:
    """held: the list that is durable here; version 0 = none yet."""

    def __init__(self, held: Revocations, verify: Verify, tell: Tell) -> None:
        self.held = held
        self._verify = verify
        self._tell = tell

    def names(self, device: DeviceId, psam: PsamId) -> bool:
        """May this body, with this PSAM, not sell any more?"""
        return self.held.names(device, psam)

    def offered(self, now: Now, signed: SignedRevocations) -> list[KeepRevocations]:
        """What to make durable: nothing if it is the list that is held, or an older one. Malformed: WireFault.

        A list that could not be written is offered again: the box's state says which one it holds.
        """
        if not self._verify(signed):
            self._tell(now, RevocationsForged())
            return []
        found = decode_revocations(signed.body)
        return [KeepRevocations(found)] if found.version > self.held.version else []

    def kept(self, held: Revocations) -> None:
        """It is durable: from now on it counts."""
        self.held = held
