"""What one writing transaction works with: the books that it adds to, the registry, the clocks, and what it noticed."""

from dataclasses import dataclass, field

from cloud.ledger.books.entry import Entry, EntryFlag, EntryKind, Posting
from cloud.ledger.books.keys import withdrawal_key
from cloud.ledger.books.posting import CardAccounts, Postings, purchase, withdrawn
from cloud.ledger.journal.booking import Booking
from cloud.ledger.journal.facts import Notes
from cloud.ledger.journal.neighbours import Neighbours
from cloud.ledger.journal.picture import Bringing, DoubtfulClock, Picture
from cloud.ledger.journal.registry import Card, Place, Registry
from cloud.ledger.records.arrival import Arrival
from cloud.ledger.records.dates import day_of, doubtful_day, is_possible
from cloud.ledger.records.values import OWN_PARTITION, Now
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.errors import RuleBroken
from shared.facts.books import TimeDoubtful
from shared.ids import DeviceId
from shared.records import Pair, PurselessRecord, Record, parse_flags


@dataclass(slots=True)
class Writing:
    """Lives as long as its transaction."""

    db: Database
    picture: Picture
    booking: Booking
    now: Now
    notes: Notes = field(default_factory=Notes)
    grey_opened: set[bytes] = field(default_factory=set)
    """Purses that got a grey record in this transaction."""
    brought: list[Bringing] = field(default_factory=list)
    """New in this transaction: true for the picture once it is committed."""
    clocks: set[DoubtfulClock] = field(default_factory=set)
    """As `brought`: told of in this transaction."""
    neighbours: Neighbours = field(init=False)

    def __post_init__(self) -> None:
        self.neighbours = Neighbours(self.db, self.now.campus_s)

    @property
    def registry(self) -> Registry:
        """As of this transaction."""
        return self.picture.registry

    def close(self) -> None:
        """Write what is left. The commit follows."""
        self.booking.close()
        self.notes.write(self.db, self.now.unix_ms)

    def purchase_entry(
        self, kind: EntryKind, arrival: Arrival, record: int, key: bytes, place: Place, card: Card, *, held: bool,
        received_s: int,
    ) -> Entry:  # fmt: skip
        """Purse to merchant, or to its held account.

        What only evidence says of half a mixed payment waits for the purse that paid it: such a sale was never whole,
        and its terminal gives back what it knows to be paid.
        """
        day, doubt = self.day_of(arrival, place, card, received_s)
        side = place.held_account if held else place.account
        record_of = _record(arrival)
        if isinstance(record_of, PurselessRecord):
            raise RuleBroken("no purse has paid it")
        if kind is EntryKind.EVIDENCE and not held and is_half(arrival):
            side = card.accounts.waiting(record_of.purse)
        flags = doubt | (EntryFlag.MERCHANT_HELD if held else 0)
        postings = purchase(card.accounts, record_of.purse, side, record_of.amount_fen)
        return Entry(kind, day, key, arrival.sha, postings, record=record, flags=flags)

    def load_entry(
        self, kind: EntryKind, arrival: Arrival, record: int, key: bytes, place: Place, card: Card, postings: Postings
    ) -> Entry:
        """A load by its own record."""
        day, doubt = self.day_of(arrival, place, card, self.now.campus_s)
        return Entry(kind, day, key, arrival.sha, postings, record=record, flags=doubt)

    def withdraw(self, entry: int, record: int) -> int:
        """The exact opposite of a written entry that evidence had made. record: what says otherwise.

        If two persons had released it meanwhile, that is taken back first: the sum is where it was held again.
        """
        for (released,) in self.db.run("SELECT entry FROM held_release WHERE held = ? AND undone IS NULL", (entry,)):
            taken_back = self.withdraw(released, record)
            self.db.run("UPDATE held_release SET undone = ? WHERE held = ?", (taken_back, entry))
        columns = "debit, credit, fen, effective_day, input_hash"
        rows = self.db.run(f"SELECT {columns} FROM posting WHERE entry = ? ORDER BY line", (entry,))  # noqa: S608  # ours
        day, input_hash = rows[0][3:]
        postings = withdrawn(tuple(Posting(*row[:3]) for row in rows))
        kind = EntryKind.EVIDENCE_WITHDRAWN
        undone = Entry(kind, day, withdrawal_key(entry), input_hash, postings, record=record, reverses=entry)
        return self.booking.add_entry(undone, OWN_PARTITION)

    def named(self, device: DeviceId) -> bytes:
        """As facts name it: a number in no inventory is what a stranger wrote, and facts are bounded by device."""
        return device if device in self.registry.devices else b""

    def accounts(self, card: bytes) -> CardAccounts | None:
        """Of a card of ours."""
        found = self.registry.cards.get(card)
        return found.accounts if found else None

    def day_of(self, arrival: Arrival, place: Place, card: Card, received_s: int) -> tuple[int, int]:
        """Effective day of an entry that this record makes, and its flags."""
        time_s = _record(arrival).time
        issued_s = max(card.issued, place.issued)
        if is_possible(time_s, issued_s, received_s):
            return day_of(time_s), 0
        self._doubt_clock(TimeDoubtful(time_s, arrival.seq), self.named(arrival.device))
        near_s = self.neighbours.nearest(arrival, place.issued, issued_s, received_s)
        return doubtful_day(near_s, received_s), EntryFlag.TIME_DOUBTFUL

    def _doubt_clock(self, fact: TimeDoubtful, device: bytes) -> None:
        clock = device, day_number(self.now.campus_s)
        if not self.picture.clock_is_told(clock):
            self.notes.tell(fact, device=device)
            self.clocks.add(clock)


def is_half(arrival: Arrival) -> bool:
    """Is this record one of the two of a mixed payment?"""
    return parse_flags(_record(arrival).flags).pair is not Pair.ALONE


def first_verdict_key(kind: EntryKind, arrival: Arrival, fork: int) -> bytes:
    """Key of the entry that a record makes."""
    return bytes((kind,)) + arrival.key + (fork.to_bytes(8, "big") if fork else b"")


def _record(arrival: Arrival) -> Record:
    if arrival.record is None:
        raise RuleBroken("an unreadable record has no entry")
    return arrival.record
