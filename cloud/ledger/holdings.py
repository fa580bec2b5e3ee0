"""What the ledger holds already of the records at hand: read once per transaction, kept up as records are accepted.

So one record after the other is judged with full knowledge, those before it in the same transaction included.
"""

from collections.abc import Sequence

from cloud.db import Database
from cloud.ledger.arrival import Arrival
from cloud.ledger.judge import Known, Reason


class Holdings:
    """Keys of records, card counters and TACs."""

    def __init__(self, db: Database, arrivals: Sequence[Arrival]) -> None:
        proven = [a for a in arrivals if a.item is not None]
        self._digests: dict[bytes, bytes] = {}
        self._forks: set[tuple[bytes, int]] = set()
        self._card_keys: set[bytes] = set()
        self._slots: dict[bytes, set[bytes]] = {}
        keys = {a.key for a in arrivals}
        for key, fork, digest in db.find("SELECT key, fork, digest FROM record WHERE key", list(keys)):
            self._hold(key, fork, digest)
        for (key,) in db.find("SELECT key FROM card_key WHERE key", [a.card_key for a in proven]):
            self._card_keys.add(key)
        slots = [a.slot for a in proven if a.slot]
        for slot, claim in db.find("SELECT slot, claim FROM ttn_key WHERE slot", slots):
            self._slots.setdefault(slot, set()).add(claim)

    def known(self, a: Arrival, tac: int | None, reason: Reason, *, card_known: bool) -> Known:
        """Everything that the judge wants to know."""
        digest = self._digests.get(a.key)
        same = digest == a.sha[:8] or (bool(self._forks) and (a.key, a.fork_number) in self._forks)
        taken = self._slots.get(a.slot) if a.slot else None
        return Known(
            same, digest is not None and not same, tac, card_known, a.card_key in self._card_keys,
            taken is not None and a.claim in taken, reason,
        )  # fmt: skip

    def other_card(self, a: Arrival) -> bool:
        """Has another card a TAC under the same PSAM and terminal number?"""
        return any(claim[:10] != a.claim[:10] for claim in self._slots.get(a.slot, ()))

    def accept(self, a: Arrival, fork: int) -> None:
        """The record is in the books."""
        self._hold(a.key, fork, a.digest)

    def claim(self, a: Arrival) -> None:
        """Its card keys too."""
        self._card_keys.add(a.card_key)
        if a.slot:
            self._slots.setdefault(a.slot, set()).add(a.claim)

    def fork_of(self, a: Arrival) -> int:
        """0 for the first bytes under a key, above zero for others and for bytes without a key."""
        return a.fork_number if a.key in self._digests or not a.has_key else 0

    def _hold(self, key: bytes, fork: int, digest: bytes) -> None:
        if fork:
            self._forks.add((key, fork))
        else:
            self._digests[key] = digest
