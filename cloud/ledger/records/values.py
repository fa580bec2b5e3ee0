"""What goes into the ledger's doors and what comes out of them. Values only."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from shared.errors import RuleBroken, WireFault
from shared.ids import BoxId, StoreId
from shared.online import LoadResult
from shared.wire.messages import FORM_1

CREDIT = 2000
"""Records that a box may have unacknowledged in flight: two full messages. The ingest lowers it under load."""
OWN_PARTITION = 64
"""Batch chain of what no box sent: opening balances, deposits, rejudged records. Topics have 0..63."""

CheckTac = Callable[[bytes], bytes]
"""41-byte items of shared.purse.tac in, one TacVerdict byte per item out."""


class Verdict(IntEnum):
    """What became of a record. Frozen numbers: they stand in the books."""

    POSTED = 1
    HELD = 2
    """Posted, the merchant side waits 待核."""
    SUSPENSE = 3
    """No TAC (灰记录): settled by a linked record, or by the card's next counter and balance; a void 撤销, by its
    purchase."""
    QUARANTINED = 4
    NO_ENTRY = 5
    """Nothing to post: not debited, not credited, nothing taken."""
    DUPLICATE = 6
    """The same bytes again: success, counted. Never stored."""


class Now(NamedTuple):
    """The caller's clocks: Unix milliseconds, and campus seconds since 2000 (shared.clocks.campus_clock)."""

    unix_ms: int
    campus_s: int


class Received(NamedTuple):
    """One money message: records are stored bytes of outbox rows first_row, first_row+1, … of (box, store).

    form: of the wire, that the box speaks and its ack is made for.
    """

    box: BoxId
    partition: int
    store: StoreId
    first_row: int
    records: tuple[bytes, ...]
    form: int = FORM_1


class Copied(NamedTuple):
    """A stored record that runs ahead of its outbox row."""

    box: BoxId
    partition: int
    stored: bytes


def singles_of(batch: Received) -> list[Received]:
    """The same records, a message for each."""
    return [batch._replace(first_row=row, records=(raw,)) for row, raw in enumerate(batch.records, batch.first_row)]


class LoadDecision(NamedTuple):
    """GRANTED: amount_fen was moved to transit (in this call, or before: again), MAC2 is to cover time_s. CLAIMABLE,
    RETRY: amount_fen may be asked for.

    A repeated request gets the same decision while its case is open; its MAC2 is derived again from time_s.
    """

    result: LoadResult
    amount_fen: int
    time_s: int
    again: bool


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import added; all zeros when the inventory was known. opening_fen: in main and subsidy purses."""

    cards: int
    psams: int
    devices: int
    boxes: int
    opening_fen: int


class Deposited(NamedTuple):
    """again: this key was deposited before, with the same card and sum."""

    entry: int
    again: bool


class Granted(NamedTuple):
    """again: this key was granted before, all the same."""

    entry: int
    again: bool


@dataclass(frozen=True, slots=True)
class Rejudged:
    """Quarantined records that were looked at, and those that could be posted now."""

    looked_at: int
    posted: int


class InventoryRefused(WireFault):
    """Happens when an inventory gives a known id other data, or belongs to another campus or kind of ledger."""


class DepositRefused(WireFault):
    """Happens when a deposit names an unknown card, no money, or a key that was used for another deposit."""


class GrantRefused(WireFault):
    """Happens when a grant names an unknown card, no money, no reason, or a key that was used for another grant."""


class EntryUnbalanced(RuleBroken):
    """Happens when somebody builds a posting without a sum above zero, or an entry without postings."""
