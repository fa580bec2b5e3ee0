"""What has been reported stolen 被盗挂失, and what that holds back: by sequence, never by a time. Pure.

What the ledger held of a body's epochs at the report is settled and stays with the merchant. What arrives later posts
its card side, always, and its merchant side waits 待核, whatever time it tells: the time is the word of whoever has the
body, and the ledger has given no word about the record yet.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.records.arrival import Arrival
from cloud.ledger.records.marks import EMPTY, Mark
from shared.ids import DeviceId, PsamId
from shared.wire.messages import Revocations


class Act(IntEnum):
    """What a row of the table revocation tells. Frozen numbers."""

    STOLEN = 1
    FOUND = 2
    RENUMBERED = 3
    """Nothing changed but the list's number: a box held a list that this ledger does not know."""


class Theft(NamedTuple):
    """A report. device: the body that is gone with its PSAM, b"" if it is the PSAM alone. record, entry: the last in
    the books at that moment; found: those at which it was found again, None while it is stolen."""

    number: int
    psam: bytes
    device: bytes
    since_s: int
    who: str
    reason: str
    at_ms: int
    record: int
    entry: int
    found: tuple[int, int] | None = None

    def concerns(self, a: Arrival) -> bool:
        """Does the record come from what is stolen?"""
        return a.psam == self.psam or (bool(self.device) and a.device == self.device)


Marks = Mapping[tuple[int, bytes, int], Mark]
"""(theft, device, epoch) → what the ledger held of it at the report."""
_NOTHING: Marks = {}


class Stolen:
    """All reports that stand, at one version of the list."""

    __slots__ = ("_by_device", "_by_psam", "_marks", "revocations", "thefts")

    def __init__(self, version: int = 0, thefts: Iterable[Theft] = (), marks: Marks = _NOTHING) -> None:
        self.thefts = tuple(theft for theft in thefts if theft.found is None)
        self._marks = marks
        self._by_psam = _numbers((theft.psam, theft.number) for theft in self.thefts)
        self._by_device = _numbers((theft.device, theft.number) for theft in self.thefts if theft.device)
        psams, devices = map(PsamId, sorted(self._by_psam)), map(DeviceId, sorted(self._by_device))
        self.revocations = Revocations(version, tuple(psams), tuple(devices))

    def names(self, device: bytes, psam: bytes) -> bool:
        """May this body, with this PSAM, neither sell nor ask for anything?"""
        return psam in self._by_psam or device in self._by_device

    def holds_back(self, a: Arrival) -> bool:
        """Does the merchant side of this record wait? Not if the ledger held it when the theft was reported."""
        if not self.thefts:
            return False
        numbers = (*self._by_psam.get(a.psam, ()), *self._by_device.get(a.device, ()))
        return any(not self._marks.get((number, a.device, a.epoch), EMPTY).holds(a.seq) for number in numbers)


def _numbers(pairs: Iterable[tuple[bytes, int]]) -> dict[bytes, tuple[int, ...]]:
    found: dict[bytes, tuple[int, ...]] = {}
    for key, number in pairs:
        found[key] = (*found.get(key, ()), number)
    return found
