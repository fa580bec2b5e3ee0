"""A box in a thief's hands: it has its certificate and its place at the broker, and speaks for other boxes' terminals.

It knows their numbers and where they are in them. What it sends proves nothing: wrong TACs under the numbers that their
next sales will have, epochs that nobody gave, a terminal's word that a card was not debited. Its law: forgeries.py.
"""

from typing import TYPE_CHECKING

from cloud.ledger.ledger import Ledger
from cloud.ledger.receive import receive as receiving
from edge.box.up.uplink import FIRST_CREDIT
from shared.purse.crypto import TYPE_CAPP_PURCHASE
from shared.records import CounterKind, Flags, Kind, Proof, PurchaseRecord, Stored, encode, purse_byte
from shared.wire import topics
from shared.wire.messages import EPOCH_MAX, FORM_2, Batch, encode_batch
from tests.sim.ingest_part import IngestPart

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tests.sim.campus import Campus
    from tests.sim.terminal_part import TerminalPart

AHEAD_MAX = 5
"""So far above a terminal's last sequence it aims."""
RECORDS_MAX = 4
WRONG = b"\\0bad"


class HostileBox:
    """Speaks as one box of the campus, beside the true one."""

    def __init__(self, campus: "Campus") -> None:
        self._campus = campus
        self._world = campus.world
        self._store = b""
        self._row = 1

    def send(self) -> None:
        """A few records about one terminal of another box."""
        campus, random = self._campus, self._world.random
        owner = random.choice(campus.plan.boxes)
        victims = [one for one in campus.terminals if one.made.box != owner.box and one.firmware is not None]
        if not victims or not campus.broker.up:
            return
        self._begin()
        victim = random.choice(victims)
        records = tuple(self._forged(victim) for _ in range(random.randint(1, RECORDS_MAX)))
        for stored in records:
            campus.judge.forgeries.sent(stored)
        self._world.note("hostile box", owner.box, victim.name, len(records))
        batch = Batch(self._store, self._row, records, FORM_2)  # type: ignore[arg-type]  # eight bytes are a store's id
        self._row += len(records)
        topic = topics.topic(owner.partition, owner.box, topics.UP_MONEY)
        campus.broker.publish(topic, topics.UP_MONEY, encode_batch(batch))

    def _begin(self) -> None:
        """An outbox of its own; another one before the credit of the first is used up."""
        if not self._store or self._row > FIRST_CREDIT:
            self._store, self._row = self._world.bytes(8), 1
            self._campus.judge.forgeries.stores.add(self._store)

    def _forged(self, victim: "TerminalPart") -> bytes:
        random = self._world.random
        current = victim.firmware.body.flash.current if victim.firmware is not None else None
        epoch, last = (current.epoch, current.last) if current is not None else (1, 0)
        if random.random() < 0.2:
            epoch = random.choice((EPOCH_MAX, EPOCH_MAX - 1, epoch + 17))
        kind = random.choice((Kind.PURCHASE, Kind.PURCHASE, Kind.RECOVERED, Kind.NOT_DEBITED))
        record = self._record(kind, last + random.randint(1, AHEAD_MAX))
        return Stored(victim.device, epoch, self._psam_of(victim), encode(record)).to_bytes()

    def _record(self, kind: Kind, seq: int) -> PurchaseRecord:
        """Over a card and counter of today, so that its word would be about something."""
        random, deeds = self._world.random, list(self._campus.judge.deeds)
        deed = random.choice(deeds) if deeds else None
        card = deed.card if deed else self._campus.plan.cards[0].card
        proof = {Kind.PURCHASE: Proof.DEBIT, Kind.RECOVERED: Proof.PROVE}.get(kind, Proof.NONE)
        flags = Flags(proof, CounterKind.OFFLINE).to_int()
        tac = bytes(4) if kind is Kind.NOT_DEBITED else WRONG
        return PurchaseRecord(
            1, kind, flags, seq, seq, card, deed.counter if deed else 1, TYPE_CAPP_PURCHASE, purse_byte(0, 2, 1),
            random.randint(1, 5_000), random.randint(5_000, 90_000), self._campus.clock.campus_s(), 1, 0, tac, bytes(3),
            0, 1, 1, 0, random.randint(0, seq - 1) if kind is not Kind.PURCHASE else 0,
        )  # fmt: skip

    def _psam_of(self, victim: "TerminalPart") -> bytes:
        rows = self._campus.plan.inventory.psams
        return next((row.psam for row in rows if row.device == victim.device), victim.device)


class BelievesAnyBox(IngestPart):
    """The planted defect: a record is believed to be its terminal's, whichever box has brought it."""

    def open(self, database: "Any", at: "Callable[[str], None]") -> Ledger:
        ledger = super().open(database, at)
        receive = ledger.receive

        def believing(*values: "Any") -> "Any":
            judge, receiving.proves_nothing = receiving.proves_nothing, lambda *_: False
            try:
                return receive(*values)
            finally:
                receiving.proves_nothing = judge

        ledger.receive = believing  # type: ignore[method-assign]  # the defect
        return ledger
