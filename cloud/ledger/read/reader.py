"""The read side: what console, report and command line may ask. Never writes; every answer is one snapshot.

May be used from several threads: calls wait for each other. Statements of one card scan the journal: fine for a
school, an index for the city comes with as-of balances.
"""

import threading
from collections.abc import Collection, Mapping, Sequence

from cloud.ledger.cards.classes import classes
from cloud.ledger.cards.listing import ListedFor, all_reasons
from cloud.ledger.findings import card_gaps as found_gaps
from cloud.ledger.findings import found
from cloud.ledger.findings import rows as read_findings
from cloud.ledger.findings.card_gaps import Touched
from cloud.ledger.findings.closing import ClosingCounts
from cloud.ledger.findings.closing import counts as closing_counts
from cloud.ledger.findings.found import CardFinding
from cloud.ledger.findings.listing import policy
from cloud.ledger.findings.purses import Whose
from cloud.ledger.findings.rows import Difference, DifferenceSums, Kind
from cloud.ledger.fleet import coming as read_coming
from cloud.ledger.fleet import heard as read_fleet
from cloud.ledger.fleet.coming import Coming
from cloud.ledger.fleet.documents.reach import CardReach, reach_of
from cloud.ledger.fleet.parameters import door as read_parameters
from cloud.ledger.fleet.parameters.tallies import Life, told_since
from cloud.ledger.fleet.views import BoxView, FactView, TerminalView
from cloud.ledger.funds.floors import Floor, floors
from cloud.ledger.funds.orders import listed as read_pay_orders
from cloud.ledger.funds.providers import standing as read_channels
from cloud.ledger.held import two_persons
from cloud.ledger.held.days import Closed, closed
from cloud.ledger.held.losses import bearing as read_losses
from cloud.ledger.held.losses import standing as read_standing
from cloud.ledger.held.losses.standing import LostCard
from cloud.ledger.held.two_persons import Proposal
from cloud.ledger.read import books as read_books
from cloud.ledger.read import desk as read_desk
from cloud.ledger.read import held as read_held
from cloud.ledger.read import overview as read_overview
from cloud.ledger.read import pages as read_pages
from cloud.ledger.read import put_backs as read_put_backs
from cloud.ledger.read import rides as read_rides
from cloud.ledger.read import terminals as read_terminals
from cloud.ledger.read import thefts as read_thefts
from cloud.ledger.read.fleet.reader import FleetReader
from cloud.ledger.read.held import HeldView
from cloud.ledger.read.loads import LoadStanding, load_standings, open_loads_of
from cloud.ledger.read.put_backs import BoxAgain, LackView, PutBackView
from cloud.ledger.read.reversals import ReversalView, read_held_reversals
from cloud.ledger.read.rides import LineRides
from cloud.ledger.read.shown import aid as read_aid
from cloud.ledger.read.shown import balance as read_balance
from cloud.ledger.read.shown import campus_days as read_days
from cloud.ledger.read.shown import card as read_card
from cloud.ledger.read.shown import closing as read_closing
from cloud.ledger.read.shown import exposure as read_exposure
from cloud.ledger.read.shown import lately as read_lately
from cloud.ledger.read.shown import meals as read_meals
from cloud.ledger.read.shown import months as read_months
from cloud.ledger.read.shown import morning as read_morning
from cloud.ledger.read.shown import split as read_split
from cloud.ledger.read.shown import story as read_story
from cloud.ledger.read.shown import takings as read_takings
from cloud.ledger.read.shown.closing import CardNow, NotClosing
from cloud.ledger.read.shown.risk import Risk
from cloud.ledger.read.thefts import BoxWord, Reach, StandingTheft, TheftView
from cloud.ledger.read.views import (
    LIST_MAX,
    AccountView,
    CardName,
    CardView,
    Counts,
    EntryView,
    LedgerSums,
    LoadView,
    QuarantineView,
    RecordView,
    SuspenseView,
    TerminalBody,
    TerminalCount,
    VoidView,
    bounded,
)
from cloud.ledger.records.stolen import Theft
from cloud.ledger.records.values import Now
from cloud.store.asking import Asking
from cloud.store.db import Database, open_database
from cloud.store.one_look import OneLook
from shared.clocks.school_days import Calendar
from shared.fleet.parameters import MealRow
from shared.ids import CardId, PsamId
from shared.wire.checkpoint import Checkpoint
from shared.wire.messages import Revocations


def open_reader(dsn: str) -> "Reader":
    """Over a connection of its own. The ledger must have been made: StoreFault otherwise, now or when first asked."""
    return Reader(open_database(dsn, create=False))


class Reader:
    """Over any prepared database, a Ledger's own too if it is asked by the same thread."""

    def __init__(self, database: Database, lock: threading.Lock | None = None) -> None:
        self.database = database
        self._ask = Asking(database, lock)
        self.fleet = FleetReader(self._ask)
        """What the fleet is told: documents, orders, parameters, releases."""

    def one_look(self) -> "Reader":
        """The same ledger for one page, at most: what was asked once has that answer. It is not closed by itself."""
        return Reader(OneLook(self.database), self._ask.lock)

    def close(self) -> None:
        """Let the database go."""
        with self._ask.lock:
            self.database.close()

    def overview(self) -> LedgerSums:
        """The campus in numbers."""
        return self._ask(read_overview.overview)

    def counts(self) -> Counts:
        """How many records, and what became of them: what can be asked every second."""
        return self._ask(read_overview.counts)

    def marks(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Marks of the books and of jobs: others than before, and something has happened there. Cheap."""
        return self._ask(read_lately.marks)

    def first_entry(self, at_ms: int) -> int:
        """The first entry that was booked no sooner; the next one's number where there is none."""
        return self._ask(read_lately.first_entry, at_ms)

    def hours(self, first: int) -> tuple[list[read_lately.Hour], int]:
        """What was sold by hour, from this entry on; and the number that the next entry gets."""
        return self._ask(read_lately.hours_from, first)

    def hours_between(self, from_ms: int, until_ms: int) -> list[read_lately.Hour]:
        """What was sold by hour in this time."""
        return self._ask(read_lately.hours_between, from_ms, until_ms)

    def boxes(self) -> list[BoxView]:
        """Registered boxes and their last states."""
        return self._ask(read_fleet.boxes)

    def terminals(self) -> list[TerminalView]:
        """Registered terminals, a row per epoch that a STATUS or a record named; what they owe."""
        return self._ask(read_fleet.terminals)

    def coming(self) -> Coming:
        """What terminals and boxes may still bring of what the ledger lacks."""
        return self._ask(read_coming.coming)

    def body_of(self, device: bytes) -> TerminalBody | None:
        """What a terminal is, and what its last STATUS said; None: there is none of this number."""
        return self._ask(read_terminals.body_of, device)

    def by_terminal(self) -> list[TerminalCount]:
        """Counts and sequence range per (device, epoch), by name; together they are the overview's."""
        return self._ask(read_terminals.by_terminal)

    def reconciled(self) -> tuple[list[TerminalView], list[TerminalCount]]:
        """What every terminal says that it wrote, and what is here of it, in one snapshot."""
        return self._ask(read_terminals.reconciled)

    def knows_psam(self, psam: PsamId) -> bool:
        """Whether an inventory has named this PSAM, or a body without one that goes by this number."""
        return self._ask(read_thefts.knows_psam, psam)

    def zero_rides(self) -> dict[bytes, int]:
        """Device → boardings with distance fare: proven, and nothing to post."""
        return self._ask(read_rides.zero_rides)

    def line_rides(self) -> list[LineRides]:
        """Boardings, exits and sums by line."""
        return self._ask(read_rides.line_rides)

    def facts(self, most: int = 20) -> list[FactView]:
        """Newest first."""
        return self._ask(read_fleet.facts, bounded(most))

    def facts_of(self, device: bytes, most: int = 20) -> list[FactView]:
        """Of one device, newest first."""
        return self._ask(read_fleet.facts_of, device, bounded(most))

    def newest_fact(self) -> int:
        """Its number; 0: there is none."""
        return self._ask(read_fleet.newest_fact)

    def facts_after(self, number: int, most: int) -> list[tuple[int, FactView]]:
        """Those behind this number, with their own, oldest first: the order in which the ledger has told them."""
        return self._ask(read_fleet.facts_after, number, bounded(most))

    def purses_touched(self, after: int | None) -> Touched:
        """A bounded piece of records: which purses they were of, and up to where."""
        return self._ask(found_gaps.touched, after)

    def purchases_missing(self, whose: Sequence[Whose], most: int) -> dict[Whose, list[int]]:
        """Counters of these purses of which no purchase is here though later ones are, of so many of their newest."""
        return self._ask(found_gaps.missing, whose, most)

    def taps_since(self, day: int, at_ms: int) -> list[Life]:
        """What terminals have told of their taps since then, of that business day and later ones."""
        return self._ask(told_since, day, at_ms)

    def tallied(self, first: int, after: int) -> read_months.Tallied:
        """Taps of all terminals on these business days, the last one excluded."""
        return self._ask(read_months.tallied, first, after)

    def arrivals(self, from_ms: int, until_ms: int, most: int = read_months.RECORDS_MAX) -> read_months.Arrivals:
        """When records came within this time, and how long after their own: a sample."""
        return self._ask(read_months.arrivals, from_ms, until_ms, most)

    def last_records(self, most: int = 20) -> list[RecordView]:
        """Newest first."""
        return self._ask(read_books.last_records, bounded(most))

    def last_records_of(self, device: bytes, most: int = 20) -> list[RecordView]:
        """Of one terminal, by its own numbers, the highest first."""
        return self._ask(read_books.last_records_of, device, bounded(most))

    def record(self, device: bytes, epoch: int, seq: int) -> list[RecordView]:
        """All bytes that came under this key: more than one is a fork."""
        return self._ask(read_books.records_of_key, device, epoch, seq)

    def records(self, keys: Collection[tuple[bytes, int, int]]) -> dict[tuple[bytes, int, int], list[RecordView]]:
        """The same of many keys: device, epoch and sequence of each."""
        return self._ask(read_books.records_of_keys, keys)

    def entries(self, card: CardId, counter: int, application: int | None = None) -> list[EntryView]:
        """Entries of a card's purchase or load with this counter, in order of booking.

        application: 0 main purse, 1 subsidy, which counts by itself; None: both.
        """
        return self._ask(read_books.entries_of_counter, card, counter, application)

    def entries_of_record(self, device: bytes, epoch: int, seq: int) -> list[EntryView]:
        """Entries that this record made."""
        return self._ask(read_books.entries_of_key, device, epoch, seq)

    def statement(self, card: CardId, most: int = 50) -> list[EntryView]:
        """Everything that moved the card's accounts, newest first."""
        return self._ask(read_books.statement, card, bounded(most))

    def trial_balance(self) -> list[AccountView]:
        """Every account that moved, by code."""
        return self._ask(read_overview.trial_balance)

    def account_fen(self, code: str) -> int:
        """The balance of one account, positive on the side where it grows; 0 for one that never was."""
        return self._ask(read_overview.account_fen, code)

    def desk_sums(self) -> read_desk.DeskSums:
        """What the card desks added up to."""
        return self._ask(read_desk.desk_sums)

    def subsidy_sums(self) -> read_overview.SubsidySums:
        """What the subsidy purses began with and have spent."""
        return self._ask(read_overview.subsidy_sums)

    def cards(self) -> list[CardView]:
        """Every registered card with its balances, by label."""
        return self._ask(read_overview.cards)

    def cards_like(self, start: str, most: int = 20) -> list[CardName]:
        """Cards whose label, or whose number in hex, begins so; by label."""
        return self._ask(read_overview.cards_like, start, bounded(most))

    def card_lines(self, start: str, most: int = 20) -> list[read_card.CardLine]:
        """The same with their states."""
        return self._ask(read_card.card_lines, start, bounded(most))

    def card_lines_of(self, groups: Collection[str], start: str, most: int = 20) -> list[read_card.CardLine]:
        """The same of these classes alone."""
        return self._ask(read_card.card_lines_of, groups, start, bounded(most))

    def classes(self) -> list[str]:
        """Classes 班级 that holders are of, by name."""
        return self._ask(classes)

    def card_file(self, card: CardId) -> read_card.CardFile | None:
        """One of them whole; None: it is in no inventory."""
        return self._ask(read_card.card_file, card)

    def story(self, label: str, now: Now, most: int = LIST_MAX) -> read_story.Story | None:
        """All that the books know of the card with this label; None: there is none."""
        return self._ask(read_story.story, label, bounded(most), now)

    def takings(self, first: int, last: int, edges: Sequence[int] = ()) -> dict[read_takings.Place, read_takings.Sums]:
        """What these business days took, both ends included. edges: seconds of the day at which its parts begin."""
        return self._ask(read_takings.takings, first, last, edges)

    def campus_days(self, first: int, last: int, now: Now) -> list[read_days.DayState]:
        """How these business days stand, closed or not and by whom, the newest first."""
        return self._ask(read_days.day_states, first, last, now)

    def closed_days(self, first: int, last: int) -> dict[int, Closed]:
        """Those of these days that persons have closed, and what they said."""
        return self._ask(closed, first, last)

    def fund(self) -> read_aid.FundView:
        """What was granted in all."""
        return self._ask(read_aid.fund)

    def grants(self, most: int = 100, card: CardId | None = None) -> list[read_aid.GrantView]:
        """Grants, newest first; of one card, or of all. For whoever may see a named person's."""
        return self._ask(read_aid.last_grants, bounded(most), card)

    def grants_of_keys(self, keys: Collection[str]) -> dict[str, read_aid.GrantView]:
        """Key → the grant that it made. For whoever may see a named person's."""
        return self._ask(read_aid.grants_of_keys, keys)

    def cards_of_labels(self, labels: Collection[str]) -> dict[str, bytes]:
        """Label → card, of those that are there."""
        return self._ask(read_aid.cards_of_labels, labels)

    def suspense(self, most: int = 100) -> list[SuspenseView]:
        """Open grey records, oldest first."""
        return self._ask(read_books.open_suspense, bounded(most))

    def quarantine(self, most: int = 100) -> list[QuarantineView]:
        """Open quarantine cases, oldest first."""
        return self._ask(read_books.open_quarantine, bounded(most))

    def revocations(self) -> Revocations:
        """The list that every box should hold."""
        return self._ask(read_thefts.revocations)

    def standing_thefts(self) -> tuple[Revocations, list[StandingTheft]]:
        """The list of stolen devices, and what stands on it, newest first."""
        return self._ask(read_thefts.standing)

    def box_words(self) -> list[BoxWord]:
        """What every box last told of the list of stolen devices that it holds."""
        return self._ask(read_thefts.box_words)

    def thefts(self) -> list[Theft]:
        """Every report of a stolen PSAM, newest first."""
        return self._ask(read_thefts.thefts)

    def theft_views(self, psam: bytes) -> list[TheftView]:
        """The reports of this PSAM, newest first, with all that followed from each."""
        return self._ask(read_thefts.theft_views, psam)

    def reach(self, now_s: int) -> list[Reach]:
        """Cards by profile and key version. now_s: campus seconds."""
        return self._ask(read_thefts.reach, now_s)

    def held(self, psam: bytes | None, now_ms: int) -> list[HeldView]:
        """Entries whose merchant side waits, of one PSAM or all, oldest first. now_ms: Unix milliseconds."""
        return self._ask(read_held.held_views, psam, now_ms)

    def differences(self) -> list[Difference]:
        """All that cards and books ever differed in, oldest first."""
        return self._ask(read_findings.differences)

    def findings(self) -> list[CardFinding]:
        """All that was ever found of cards, oldest first."""
        return self._ask(found.findings)

    def open_loads_of(self, card: bytes, now: Now) -> list[LoadStanding]:
        """Loads of this card that are in transit, or given back and not done with; the oldest first."""
        return self._ask(open_loads_of, card, now)

    def findings_of(self, card: bytes) -> list[CardFinding]:
        """All that was ever found of this card, oldest first."""
        return self._ask(found.of_cards, [card])

    def finding(self, number: int) -> CardFinding | None:
        """None: there is none of this number."""
        return self._ask(found.find, number)

    def card_now(self, label: str, now: Now) -> CardNow | None:
        """卡账核对 of one card; None: there is none."""
        return self._ask(read_closing.card_now, label, now)

    def closing_counts(self) -> ClosingCounts:
        """How many cards do not close, and what was found."""
        return self._ask(closing_counts)

    def not_closing(self) -> NotClosing:
        """The cards that do not close."""
        return self._ask(read_closing.not_closing)

    def loss_sums(self) -> read_losses.Sums:
        """What the school has borne of lost cards."""
        return self._ask(read_losses.sums)

    def lost_cards(self, now: Now) -> list[LostCard]:
        """Lost and kept cards as they stand: what is frozen first, then what was lost last. CARDS_MAX of them."""
        return self._ask(read_standing.standing, now)

    def lost_card(self, label: str, now: Now) -> LostCard | None:
        """One of them, whichever; None for a card that was neither reported lost nor replaced."""
        return self._ask(read_standing.standing_of, now, label)

    def findings_policy(self) -> frozenset[Kind]:
        """Which findings list a card by themselves."""
        return self._ask(policy)

    def reach_of(self, card: bytes, now: Now) -> CardReach:
        """At which terminals it counts that this card is listed, or no longer."""
        return self._ask(reach_of, card, now)

    def calendar(self) -> Calendar:
        """The school calendar that counts now."""
        return self._ask(read_parameters.calendar)

    def balance(self, now: Now) -> read_balance.BalanceView:
        """Card and ledger against the bank."""
        return self._ask(read_balance.balance_view, now)

    def emergency_meals(self, day: int, now: Now) -> read_meals.MealsView:
        """Emergency meals of a day, who owes for one, and what waits."""
        return self._ask(read_meals.meals_of, day, now)

    def channels(self, since_ms: int, today: int, most: int = 100) -> read_channels.ChannelsView:
        """Providers: what waits for a person, bills and settlements by day, and what each owes."""
        return self._ask(read_channels.channels_view, since_ms, today, bounded(most))

    def pay_orders(
        self, merchant: str, state: str, now_ms: int, most: int = 100
    ) -> tuple[list[read_pay_orders.PayOrderView], list[str]]:  # fmt: skip
        """Pay orders, the newest first, and who has made any."""
        return self._ask(read_pay_orders.orders_and_merchants, merchant, state, now_ms, bounded(most))

    def floors(self) -> list[Floor]:
        """What must stay in online accounts, by card class."""
        return self._ask(floors)

    def split(self, label: str, now: Now) -> read_split.SplitView | None:
        """What the holder of the card with this label may spend offline and online, and what moves; None: no card."""
        return self._ask(read_split.split, label, now)

    def split_rules(self) -> list[read_split.RuleRow]:
        """What is loaded by rule: of classes, and of cards with their labels."""
        return self._ask(read_split.split_rules)

    def exposure(self, now: Now) -> Risk:
        """The most that may be at risk now, and of what it was worked out."""
        return self._ask(read_exposure.exposure, now)

    def morning(self, loads_max: int, now: Now) -> read_morning.MorningView:
        """What a morning looks at."""
        return self._ask(read_morning.morning, bounded(loads_max), now)

    def meals_begin(self) -> tuple[int, ...]:
        """When each meal begins by the parameters that count now, seconds after midnight."""
        return self._ask(read_parameters.meals_begin)

    def meals(self) -> tuple[MealRow, ...]:
        """Meal periods by the parameters that count now; empty: nobody has named any."""
        return self._ask(read_parameters.meals)

    def cashiers(self) -> list[str]:
        """Whoever has a drawer, by name."""
        return self._ask(read_desk.cashiers)

    def open_periods(self) -> list[read_desk.OpenPeriod]:
        """Cashiers whose receipts are in no day close yet."""
        return self._ask(read_desk.open_periods)

    def listed_cards(self) -> list[ListedFor]:
        """Every card that is to be refused, once for each reason, the oldest first."""
        return self._ask(all_reasons)

    def standing_differences(self) -> DifferenceSums:
        """How many wait for somebody, and how many were explained."""
        return self._ask(read_findings.standing)

    def checkpoint(self, unix_ms: int) -> Checkpoint:
        """Where every chain stands at this moment."""
        return self._ask(read_put_backs.checkpoint, unix_ms)

    def put_back(self) -> PutBackView:
        """What boxes bear witness of and this ledger does not know: it is an older copy that was put back."""
        return self._ask(read_put_backs.put_back_view)

    def again_by_box(self) -> Sequence[BoxAgain]:
        """What came again from each box after this ledger was put back."""
        return self._ask(read_put_backs.again_by_box)

    def lacks(self) -> Sequence[LackView]:
        """What is missing at least in a ledger that was put back, by account. Reads all accounts."""
        return self._ask(read_put_backs.lacks)

    def proposals(self) -> list[Proposal]:
        """All that one person has proposed to another, whatever it is about, oldest first."""
        return self._ask(two_persons.proposals)

    def voids(self, most: int = 100) -> list[VoidView]:
        """Voids that wait for their purchase or are held, oldest first."""
        return self._ask(read_books.open_voids, bounded(most))

    def reversals(self) -> list[ReversalView]:
        """Reversals of account payments that two persons must decide, oldest first."""
        return self._ask(read_held_reversals)

    def loads(self, most: int = 100) -> list[LoadView]:
        """Load cases, pending ones first, then the newest."""
        return self._ask(read_books.loads, bounded(most))

    def load_standings(self, now: Now, most: int = 100, *, open_only: bool = False) -> list[LoadStanding]:
        """Load cases with stage, age, evidence and what will happen: open ones first, the oldest of them first."""
        return self._ask(load_standings, bounded(most), now, open_only=open_only)

    # --- pages of a ledger of any size ------------------------------------------------------------------------------

    def journal(self, before: int = 0, most: int = 50) -> read_pages.Leaf:
        """Entries below this one, newest first; 0: from the newest on."""
        return self._ask(read_pages.journal, before, bounded(most))

    def entries_of_sum(self, day: int, fen: int, most: int = 20) -> read_pages.Leaf:
        """Entries of this campus day that moved this sum in all, the newest first."""
        return self._ask(read_pages.of_sum, day, fen, bounded(most))

    def moved(self, accounts: Sequence[int], before: int = 0, most: int = 50) -> read_pages.Leaf:
        """What moved these accounts, newest first, within so many entries as one page may walk over."""
        return self._ask(read_pages.moved, accounts, before, bounded(most))

    def entry(self, number: int) -> EntryView | None:
        """None: there is none."""
        return self._ask(read_pages.entry, number)

    def chart(self) -> list[read_pages.KindSum]:
        """The sums of every kind of account."""
        return self._ask(read_pages.chart)

    def accounts_like(self, start: str, most: int = 50) -> list[read_pages.AccountLine]:
        """Accounts whose code begins so, or those of the card that is named so."""
        return self._ask(read_pages.accounts_like, start, bounded(most))

    def accounts_of(self, card: CardId) -> list[read_pages.AccountLine]:
        """Those of a card, in the order of the chart."""
        return self._ask(read_pages.accounts_of, card)

    def account(
        self, code: str, before: int = 0, most: int = 50
    ) -> tuple[list[read_pages.AccountLine], read_pages.Leaf] | None:
        """The account, or of a card all that are its, and what moved them; None: there is none."""
        return self._ask(read_pages.account, code, before, bounded(most))

    def labels(self, cards: Collection[bytes]) -> Mapping[bytes, str]:
        """Card → label, of those that are registered."""
        return self._ask(read_pages.labels, cards)

    def places(self, records: Collection[int]) -> Mapping[int, tuple[str, int, int]]:
        """Record's number → its device in hex, epoch and sequence."""
        return self._ask(read_pages.places, records)

    def open_drawers(self) -> Mapping[str, int]:
        """Cashier → the first day of his receipts that no close has yet."""
        return self._ask(read_pages.open_drawers)

    def held_leaf(self, after: int, most: int, now_ms: int) -> read_pages.HeldLeaf:
        """What waits for two persons behind this entry, oldest first."""
        return self._ask(read_pages.held_leaf, after, bounded(most), now_ms)

    def queue_sums(self) -> read_pages.QueueSums:
        """How many cases wait, and since when."""
        return self._ask(read_pages.queue_sums)


__all__: Sequence[str] = ["LIST_MAX", "Reader", "open_reader"]
