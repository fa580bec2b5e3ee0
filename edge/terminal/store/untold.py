"""The last transaction before the power went, when it was written and not told to anybody.

Between the record and the display the power may go. The card has paid and the cashier does not know: the same card
over the same amount is then that transaction and not a second one. What a display has shown is never told again as a
success: the next tap of that card is a sale of its own. Pure; forgets when another card comes.
"""

from typing import NamedTuple

from edge.terminal.store.book import Row
from shared.clocks.clock import CampusTime
from shared.errors import WireFault
from shared.ids import CardId
from shared.records import (
    PROVEN,
    Kind,
    Pair,
    PurchaseRecord,
    PurselessRecord,
    Record,
    application_of,
    decode,
    parse_flags,
)
from shared.records.kinds import PurseRecord

_Told = PurseRecord | PurselessRecord
_SUCCESSES = PROVEN | {Kind.ONLINE, Kind.MEAL, Kind.CODE}
"""Kinds of records behind which 成功 is shown."""
PERHAPS_WAITING_S = 600
"""A holder who was not told stands at the counter for no longer. Without a set clock age cannot be judged; the time of
a load is the centre's, whose clock may be ahead."""


class Place(NamedTuple):
    """Where a record stands. NOWHERE: nothing was ever shown."""

    epoch: int
    seq: int


NOWHERE = Place(0, 0)


class Untold:
    """At most one row, and the first half in front of it. `balance_fen`: what the card held after it."""

    def __init__(self) -> None:
        self.row: Row | None = None
        self.first: Row | None = None
        self.balance_fen = 0

    def boot(self, newest: bytes | None, before: bytes | None, epoch: int, now: CampusTime, told: Place) -> None:
        """Look at the newest record of the store; before: the one in front of it, the first half of a pair.

        told: the last record that a display has shown.
        """
        self.row = self.first = None
        record = _read(newest)
        if not isinstance(record, _Told) or record.kind not in _SUCCESSES:
            return
        if told == (epoch, record.seq):
            return
        if now.is_set and abs(now.seconds - record.time) > PERHAPS_WAITING_S:
            return
        self.balance_fen = _balance_after(record)
        row = _row(epoch, record)
        first = _first_of(record, _read(before))
        if first is not None:
            row, self.first = row._replace(other_fen=first.amount_fen), _row(epoch, first)
        self.row = row

    def take(self, card: CardId, amount_fen: int, kinds: frozenset[int], or_fen: int = 0) -> Row | None:
        """The row, if this card over this amount (0 = any) or that one is it; forgotten from now on in every case."""
        row, self.row = self.row, None
        if row is None or row.card != card or row.kind not in kinds:
            return None
        return row if not amount_fen or row.sale_fen in (amount_fen, or_fen) else None

    def forget(self) -> None:
        """Whoever drives this body knows what became of it."""
        self.row = None


def _read(wire: bytes | None) -> Record | None:
    try:
        return decode(wire) if wire is not None else None
    except WireFault:
        return None  # a kind of a later version: it drains, nobody here can tell what it was


def _balance_after(record: _Told) -> int:
    """Of the purse, where the record says it."""
    if isinstance(record, PurselessRecord):
        return 0
    is_purchase = isinstance(record, PurchaseRecord)
    return record.balance_fen + (-record.amount_fen if is_purchase else record.amount_fen)


def _row(epoch: int, record: _Told) -> Row:
    kind, card = Kind(record.kind), record.card
    if isinstance(record, PurselessRecord):
        return Row(epoch, record.seq, kind, card, 0, record.amount_fen, record.time)
    row = Row(epoch, record.seq, kind, card, record.counter, record.amount_fen, record.time)
    if not isinstance(record, PurchaseRecord):
        return row
    pair = parse_flags(record.flags).pair
    return row._replace(trip=record.trip, application=application_of(record.purse), pair=pair)


def _first_of(record: Record, before: Record | None) -> PurchaseRecord | None:
    is_second = isinstance(record, PurchaseRecord) and parse_flags(record.flags).pair is Pair.SECOND
    return before if is_second and isinstance(before, PurchaseRecord) else None
