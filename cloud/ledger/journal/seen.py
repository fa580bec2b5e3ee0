"""What the ledger holds already of the records at hand: read once per transaction, kept up as records are accepted.

So one record after the other is judged with full knowledge, those before it in the same transaction included. What lies
above a device's last sequence, or a PSAM's last terminal number, is new for certain and is not looked for. That a
purchase's counter is new is trusted, for cards are not copied every day: where that is wrong, the database refuses the
proof, and the transaction is done again with every counter looked for.
"""

from collections.abc import Mapping, Sequence

from cloud.ledger.journal.mark_rows import DeviceKey, DeviceRow
from cloud.ledger.records.arrival import Arrival, slot_key, split_slot
from cloud.ledger.records.judge import Known, Reason
from cloud.store.db import Database, Question, Rows

_RECORDS = "SELECT key, fork, digest FROM record WHERE key"
_CARD_KEYS = "SELECT card_key FROM proof WHERE card_key"
_TTN_KEYS = "SELECT slot, claim FROM proof WHERE slot"
_PSAMS = "SELECT psam, ttn FROM psam_mark WHERE psam"


def first_questions(arrivals: Sequence[Arrival], *, trusting: bool) -> tuple[Question, Question]:
    """Asks for card keys and PSAM marks. trusting: not for the card keys of purchases."""
    proven = [a for a in arrivals if a.card_key and a.item is not None]
    return (
        Question(_CARD_KEYS, [a.card_key for a in proven if not (trusting and a.slot)], keyed=True),
        Question(_PSAMS, list({a.psam for a in proven if a.slot}), keyed=True),
    )


class Seen:
    """Keys of records, card counters and TACs. card_keys, psams: the answers to first_questions."""

    def __init__(
        self,
        db: Database,
        arrivals: Sequence[Arrival],
        rows: Mapping[DeviceKey, DeviceRow],
        card_keys: Rows,
        psams: Rows,
    ) -> None:
        self._digests: dict[bytes, bytes] = {}
        self._forks: set[tuple[bytes, int]] = set()
        self._card_keys: set[bytes] = {key for (key,) in card_keys}
        self._slots: dict[bytes, tuple[bytes, ...]] = {}
        self._newest: dict[bytes, bytes] = {psam: slot_key(psam, ttn) for psam, ttn in psams}
        self._risen: dict[bytes, bytes] = {}
        self._look_further(db, arrivals, rows)

    def has(self, a: Arrival) -> bool:
        """Are its very bytes in the books?"""
        held = self._digests.get(a.key)
        if held is None:
            return False
        return held == a.digest or (a.key, a.fork_number) in self._forks

    def known(self, a: Arrival, tac: int | None, reason: Reason, *, card_known: bool) -> Known:
        """Everything that the judge wants to know of bytes that are not in the books."""
        return Known(
            False, a.key in self._digests, tac, card_known, a.card_key in self._card_keys,
            a.claim in self._slots.get(a.slot, ()), reason,
        )  # fmt: skip

    def other_card(self, a: Arrival) -> bool:
        """Has another card a TAC under the same PSAM and terminal number?"""
        claims = self._slots.get(a.slot)
        return claims is not None and any(claim[:10] != a.claim[:10] for claim in claims)

    def accept(self, a: Arrival, fork: int) -> None:
        """The record is in the books."""
        self._hold(a.key, fork, a.digest)

    def claim(self, a: Arrival) -> None:
        """Its card keys too."""
        self._card_keys.add(a.card_key)
        if not a.slot:
            return
        self._hold_claim(a.slot, a.claim)
        if self._is_new(a):
            self._newest[a.psam] = self._risen[a.psam] = a.slot

    def fork_of(self, a: Arrival) -> int:
        """0 for the first bytes under a key, above zero for others."""
        return a.fork_number if a.key in self._digests else 0

    def save(self, db: Database) -> None:
        """The PSAM marks that rose."""
        db.upsert("psam_mark", "psam, ttn", "psam", [split_slot(slot) for slot in self._risen.values()])

    def _look_further(self, db: Database, arrivals: Sequence[Arrival], rows: Mapping[DeviceKey, DeviceRow]) -> None:
        old = [a.key for a in arrivals if not a.has_key or a.seq <= rows[a.device, a.epoch].last_seq]
        slots = [a.slot for a in arrivals if a.item and a.slot and not self._is_new(a)]
        if not old and not slots:
            return
        records, claims = db.ask(Question(_RECORDS, old, keyed=True), Question(_TTN_KEYS, slots, keyed=True))
        for key, fork, digest in records:
            self._hold(key, fork, digest)
        for slot, claim in claims:
            self._hold_claim(slot, claim)

    def _is_new(self, a: Arrival) -> bool:
        """Is its terminal number above all that its PSAM brought?"""
        newest = self._newest.get(a.psam)
        return newest is None or a.slot > newest

    def _hold_claim(self, slot: bytes, claim: bytes) -> None:
        self._slots[slot] = (*self._slots.get(slot, ()), claim)

    def _hold(self, key: bytes, fork: int, digest: bytes) -> None:
        if fork:
            self._forks.add((key, fork))
        else:
            self._digests[key] = digest
