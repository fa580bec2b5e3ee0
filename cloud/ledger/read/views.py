"""What the read side shows: plain values, sums in fen, times in Unix ms or campus seconds."""

from dataclasses import dataclass
from typing import NamedTuple

LIST_MAX = 1000
"""Most rows of any list; who asks for more gets so many."""


def bounded(most: int) -> int:
    """So many rows, of those that were asked for."""
    return max(0, min(most, LIST_MAX))


@dataclass(frozen=True, slots=True)
class Counts:
    """Records by what became of them, since the first start; see LedgerSums. oldest_ms: as there."""

    records: int = 0
    posted: int = 0
    held: int = 0
    suspense: int = 0
    quarantined: int = 0
    no_entry: int = 0
    duplicates: int = 0
    oldest_ms: int = 0


@dataclass(frozen=True, slots=True)
class LedgerSums:
    """Numbers since the first start.

    records = posted + suspense + quarantined + no_entry. held: those of posted whose merchant side waits. owed: records
    that terminals' STATUS names and the ledger lacks; unsettled: what boxes say they hold unacknowledged; oldest_ms:
    since when by the ledger's clock, Unix ms, 0 = nothing. opening_fen, spent_fen, float_fen: of main and subsidy
    purses; subsidy_fen: what of float_fen is in the latter; voids, voided_fen: purchases of spent_fen that were given
    back; pending_fen: 过渡余额, given back and not claimed yet; pending_subsidy_fen: 待回补助. difference_fen: Σ of all
    balances, 0 when the books are in balance. payments, payments_fen: of online accounts 账户支付, without those that
    were reversed; no purse has paid them, so they are not in spent_fen.
    """

    ledger: bytes
    campus: str
    demo: bool
    records: int
    posted: int
    held: int
    suspense: int
    quarantined: int
    no_entry: int
    duplicates: int
    opening_fen: int
    loads: int
    loads_fen: int
    spent_fen: int
    float_fen: int
    subsidy_fen: int
    pending_fen: int
    pending_subsidy_fen: int
    voids: int
    voided_fen: int
    online_fen: int
    transit_fen: int
    held_fen: int
    owed: int
    unsettled: int
    oldest_ms: int
    entries: int
    difference_fen: int
    payments: int
    payments_fen: int


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record in the books. kind: the name of shared.records.Kind, '' when unreadable. verdict, reason: names.

    trip: as the record of a ride has it, else empty.
    """

    number: int
    device: bytes
    terminal: str
    epoch: int
    seq: int
    kind: str
    card: bytes
    label: str
    counter: int
    amount_fen: int
    time: int
    received_ms: int
    verdict: str
    reason: str
    stored: bytes
    trip: bytes = b""


class TerminalBody(NamedTuple):
    """A body's hardware, the PSAMs of the inventory for it, and what its last STATUS said; None: it never sent one."""

    kind: str
    psams: tuple[bytes, ...]
    status_ms: int | None
    hotlist: int | None
    parameters: int | None
    slots_left: int | None
    is_clock_set: bool | None


@dataclass(frozen=True, slots=True)
class TerminalCount:
    """What one (device, epoch) brought. first, last: sequence numbers held. posted counts held ones too.

    spent_fen: what cards paid; voided_fen: what of it its voids gave back. loads: proven ones.
    """

    device: bytes
    epoch: int
    name: str
    place: str
    merchant: str
    first: int
    last: int
    posted: int
    held: int
    suspense: int
    quarantined: int
    no_entry: int
    duplicates: int
    spent_fen: int
    loads: int
    loaded_fen: int
    voids: int
    voided_fen: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry with its postings (debit account's code, credit account's code, fen). record: where it comes from.

    who: has made it, where a person has and said so.
    """

    entry: int
    kind: str
    effective_day: int
    booked_at_ms: int
    flags: int
    record: RecordView | None
    reverses: int
    postings: tuple[tuple[str, str, int], ...]
    who: str = ""


@dataclass(frozen=True, slots=True)
class AccountView:
    """A line of the trial balance. balance_fen is positive on the side where the account grows."""

    code: str
    kind: str
    debit_fen: int
    credit_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True)
class SuspenseView:
    """An open grey record 灰记录."""

    record: RecordView
    opened_ms: int


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """An open quarantine case. why: the reason's name."""

    record: RecordView
    why: str
    opened_ms: int


@dataclass(frozen=True, slots=True)
class VoidView:
    """An open void case. why: the reason's name; target: seq of the purchase that it names."""

    record: RecordView
    target: int
    why: str
    opened_ms: int


@dataclass(frozen=True, slots=True)
class LoadView:
    """A load case. state, result: names."""

    device: bytes
    epoch: int
    request: int
    card: bytes
    label: str
    counter: int
    amount_fen: int
    state: str
    result: str
    evidence: str
    opened_ms: int
    changed_ms: int


@dataclass(frozen=True, slots=True)
class CardName:
    """A registered card as one looks for it: no balance."""

    card: bytes
    label: str
    hotlisted: bool


@dataclass(frozen=True, slots=True)
class CardView:
    """A registered card and its balances, never summed. The fields are in the order of posting.CardAccounts."""

    card: bytes
    label: str
    hotlisted: bool
    purse_fen: int
    online_fen: int
    transit_fen: int
    pending_fen: int
    subsidy_fen: int
    pending_subsidy_fen: int
