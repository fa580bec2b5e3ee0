"""What must be true when everything has come to rest: cards, shown logs and books say the same, to the fen."""

from collections import Counter
from typing import TYPE_CHECKING

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.findings.closing import apart
from cloud.ledger.findings.rows import Kind as FindingKind
from cloud.ledger.findings.rows import State as FindingState
from cloud.ledger.loads.retry import OFFERABLE
from cloud.ledger.read.shown.balance import balance_view
from cloud.ledger.read.shown.closing import card_now
from cloud.ledger.records.grey import State
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.load_state import CaseState
from shared.online import RETRIES, LoadResult
from shared.records import (
    PURCHASE_SIZE,
    STORED_HEAD,
    CounterKind,
    Kind,
    Pair,
    PurchaseRecord,
    decode,
    encode,
    parse_flags,
    purse_byte,
    purse_of,
)
from tests.sim.books import Books
from tests.sim.disk import deed_of
from tests.sim.ingest_part import KeysHere
from tests.sim.judge import deed_of_row
from tests.sim.ledgers import GRANT_FEN
from tests.sim.truth import CardTruth, Deed
from tests.sim.witnesses import close_the_list, witnessed_is_named, witnesses
from tests.sim.world import Violation

if TYPE_CHECKING:
    from tests.sim.campus import Campus


VERIFY_EVERY = 4
"""`verify` reads everything and checks every TAC again: a fifth of the time of a small seed."""
_OF_CLAIMS = ", ".join(
    str(int(kind)) for kind in (EntryKind.CLAIM_AUTHORISED, EntryKind.CLAIM_REVERSED, EntryKind.CLAIM_ALONE)
)


def check_end(campus: "Campus") -> None:
    """I1, I2, I3 in full."""
    campus.judge.ledger_committed(campus.ingest.database)  # whatever way it was written
    judge = campus.judge
    judge.forgeries.at_rest(campus.ingest.database)
    no_difference(campus)
    open_cases = explained(campus)
    exactly_once(campus, open_cases)
    shown_once(campus)
    card_chain(campus, open_cases)
    merchants(campus, open_cases)
    voids(campus)
    halves(campus)
    zero_sum(campus)
    story_adds_up(campus)
    every_card_closes(campus)
    tried_once(campus)
    if judge.fleet is not None:
        judge.fleet.at_rest(campus.ingest.database)
    if judge.paying is not None:
        judge.paying.at_rest(campus.ingest.database)
    witnessed_is_named(campus)
    close_the_list(campus)
    if campus.world.seed % VERIFY_EVERY == 0:
        own_word(campus)


def no_difference(campus: "Campus") -> None:
    """No card has money that the ledger never gave, as its own looks found: what was late has come."""
    ledger = campus.ingest.ledger
    while ledger is not None and ledger.find_differences(campus.ingest.now()):
        pass
    query = (
        "SELECT c.label, d.kind, d.expected_fen, d.read_fen FROM difference d JOIN card c ON c.card = d.card "
        "WHERE d.state IN (?, ?)"
    )
    states = int(FindingState.OPEN), int(FindingState.WAITING)
    for label, kind, expected, read in campus.ingest.database.execute(query, states):
        raise Violation("difference", f"{label}: {FindingKind(kind).name.lower()}, expected {expected}, read {read}")


def tried_once(campus: "Campus") -> None:
    """A load that was given back is granted once more, once, and offered so often before that one answer is heard; a
    second try never again. By the requests' own bytes."""
    given_back, offers, again = Counter[tuple[bytes, int]](), Counter[tuple[bytes, int]](), Counter[tuple[bytes, int]]()
    query = "SELECT card, payload, amount_fen, state, debited, result, offered_fen FROM load_case"
    for card, payload, fen, state, debited, result, offered_fen in campus.ingest.database.execute(query):
        if result in (LoadResult.RETRY, LoadResult.RETRY_CLAIM):
            offers[card, offered_fen] += 1
        elif debited and payload[0] in RETRIES:
            again[card, fen] += 1
        elif debited and state == CaseState.REVERSED:
            given_back[card, fen] += 1
    _no_more_than(again, given_back, "granted")
    _no_more_than(offers, Counter({load: len(OFFERABLE) * times for load, times in given_back.items()}), "offered")


def _no_more_than(found: Counter[tuple[bytes, int]], allowed: Counter[tuple[bytes, int]], what: str) -> None:
    for (card, fen), times in (found - allowed).items():
        raise Violation("once", f"{card[-2:].hex()}: a second try of {fen} fen {what} {times} times too often")


def explained(campus: "Campus") -> set[Deed]:
    """Debits that stay open by rule: two grey attempts with one counter, sum and balance, and nobody can tell which.

    A grey debit just before such a one rests on it, and is open with it. So is one of a subsidy purse that was used no
    more: nothing in the ledger tells of its counter then.
    """
    found: set[Deed] = set()
    judge = campus.judge
    for deed in sorted(judge.deeds, key=lambda deed: -deed.counter):
        if judge.books.posted[deed] or deed.kind is not CounterKind.OFFLINE:
            continue
        amount, left = judge.deeds[deed][1].amount_fen, judge.deeds[deed][1].balance_fen
        greys = [grey for grey in _open_greys(campus, deed) if grey.amount_fen == amount]
        debits = {(grey.ttn, grey.time, grey.seq) for grey in greys if grey.balance_fen == left + amount}
        after = deed._replace(counter=deed.counter + 1)
        is_last = bool(deed.application) and after not in judge.deeds
        if len(debits) > 1 or (debits and (after in found or is_last)):
            found.add(deed)
    return found


def _open_greys(campus: "Campus", deed: Deed) -> list[PurchaseRecord]:
    query = (
        "SELECT r.stored FROM suspense s JOIN record r ON r.id = s.record "
        "WHERE s.purse = ? AND s.counter = ? AND s.load IS NULL AND s.state = ?"
    )
    purse = deed.card + bytes((purse_of(purse_byte(deed.application, 2, 0)),))
    rows = campus.ingest.database.execute(query, (purse, deed.counter, int(State.OPEN)))
    records = [decode(stored[STORED_HEAD:]) for (stored,) in rows]
    return [record for record in records if isinstance(record, PurchaseRecord)]


def exactly_once(campus: "Campus", open_cases: set[Deed]) -> None:
    """Every deed of every card is posted once, and nothing else is."""
    judge = campus.judge
    missing = [deed for deed in judge.deeds if not is_booked(campus, deed) and deed not in open_cases]
    if missing:
        terminal, happened = judge.deeds[missing[0]]
        first = f"{_name(campus, missing[0])} at {terminal}, {happened.at_s:.1f} s"
        raise Violation("I1", f"{len(missing)} not posted once; first {first}")
    wrong = [deed for deed in judge.deeds if judge.books.amounts[deed] not in (0, judge.deeds[deed][1].amount_fen)]
    if wrong:
        raise Violation("I1", f"{_name(campus, wrong[0])} is posted over {judge.books.amounts[wrong[0]]} fen")
    extra = [deed for deed, times in judge.books.posted.items() if times and deed not in judge.deeds]
    if extra:
        raise Violation("I1", f"posted and never done: {_name(campus, extra[0])}")


def is_booked(campus: "Campus", deed: Deed) -> bool:
    """Is it posted once? One over nothing, the boarding of a ride, has its record in the ledger and nothing to post."""
    judge = campus.judge
    _, happened = judge.deeds[deed]
    if happened.amount_fen:
        return judge.books.posted[deed] == 1
    return judge.ledger.now.has(deed) and not judge.books.posted[deed]


def shown_once(campus: "Campus") -> None:
    """Every 成功 that a terminal has shown is in the books once."""
    for terminal, row in campus.judge.shown_rows:
        if not is_booked(campus, deed_of_row(row)):
            raise Violation("I1", f"{terminal} has shown seq {row.seq}, the books have it not once")


def card_chain(campus: "Campus", open_cases: set[Deed]) -> None:
    """The float of each card is what the card holds and what is open by rule; nothing is in transit."""
    balances = campus.judge.books.balances
    for card in campus.cards:
        name = card.card.hex()
        for application, held_fen in enumerate(card.balances_fen):
            _own_chain(card, application)
            waiting = [deed for deed in open_cases if (deed.card, deed.application) == (card.card, application)]
            waiting_fen = sum(campus.judge.deeds[deed][1].amount_fen for deed in waiting)
            float_fen = -balances[f"{('purse', 'subsidy')[application]}:{name}"]
            if float_fen != held_fen + waiting_fen:
                raise Violation("I3", f"{card.label}: purse {application} holds {held_fen}, float {float_fen}")
        if balances[f"transit:{name}"]:
            raise Violation("I3", f"{card.label}: {-balances[f'transit:{name}']} fen are still in transit")


def _own_chain(card: CardTruth, application: int) -> None:
    balance = card.openings_fen[application]
    for happened in card.history:
        if happened.deed.application != application:
            continue
        balance += happened.amount_fen if happened.deed.kind is CounterKind.ONLINE else -happened.amount_fen
        if balance != happened.balance_fen:
            raise Violation("I3", f"{card.label}: the card's own chain breaks at {happened.deed.counter}")


def voids(campus: "Campus") -> None:
    """Every void that was shown is posted or held for a person; pending load is what was granted and given back, less
    what was claimed."""
    judge, database = campus.judge, campus.ingest.database
    held = {deed_of(stored[STORED_HEAD:]) for (stored,) in database.execute(_VOIDS_HELD)}
    odd = {deed_of(stored[STORED_HEAD:]) for (stored,) in database.execute(f"{_VOIDS_HELD} AND v.reason <> {_BOUND}")}
    if odd and judge.books.theft is None:
        raise Violation("void", f"a void of {_name(campus, min(odd))} is held: its terminal should not have signed it")
    for terminal, row in judge.voids_shown:
        deed = deed_of_row(row)
        if not judge.books.voided[deed] and deed not in held:
            raise Violation("void", f"{terminal} has shown the void of {_name(campus, deed)}, the books have it not")
    claimed: dict[str, int] = dict(database.execute(_CLAIMED))
    for card in campus.cards:
        for application, granted_fen in ((0, GRANT_FEN), (1, 0)):
            code = f"{('pending', 'pending-subsidy')[application]}:{card.card.hex()}"
            given = granted_fen + _given_back(judge.books.voided, card.card, application)
            pending, taken = -judge.books.balances[code], claimed.get(code, 0)
            if pending != given - taken:
                raise Violation("void", f"{code}: {given} fen given back, {taken} claimed, {pending} are pending")


def _given_back(voided: Counter[Deed], card: bytes, application: int) -> int:
    """A subsidy that is given back stays a subsidy."""
    return sum(fen for deed, fen in voided.items() if (deed.card, deed.application) == (card, application))


_CLAIMED = (
    "SELECT a.code, SUM(CASE WHEN p.debit = a.id THEN p.fen ELSE -p.fen END) FROM posting p "  # noqa: S608  # ours
    "JOIN account a ON a.id IN (p.debit, p.credit) AND a.kind = 'pending' "
    f"WHERE p.kind IN ({_OF_CLAIMS}) GROUP BY a.code"
)
_BOUND = int(Reason.VOID_BOUND)
"""A clock that lies makes a void too old, and so many torn payments on one day are too many."""
_VOIDS_HELD = "SELECT r.stored FROM void_case v JOIN record r ON r.id = v.record WHERE v.state = 2"


def halves(campus: "Campus") -> None:
    """A mixed payment is whole, or the merchant keeps nothing of it."""
    books, database = campus.judge.books, campus.ingest.database
    held = {deed_of(stored[STORED_HEAD:]) for (stored,) in database.execute(_VOIDS_HELD)}
    found: dict[tuple[bytes, int], PurchaseRecord] = {}
    for (stored,) in database.execute("SELECT stored FROM record"):
        record = _half(stored)
        if record is not None:
            found[stored[:8], record.seq] = record
    for (stream, seq), record in found.items():
        deed = deed_of(encode(record))
        kept = books.amounts[deed] - books.voided[deed]
        if not books.posted[deed] or deed in held:
            continue
        is_first = parse_flags(record.flags).pair is Pair.FIRST
        other = found.get((stream, seq + 1 if is_first else seq - 1))
        second = (other if is_first else record) or record
        whole = other is not None and other.card == record.card and second.kind == Kind.PURCHASE
        if kept and not whole:
            raise Violation("half", f"{_name(campus, deed)}: {kept} fen of a torn pair stay with the merchant")
        if whole and other is not None and bool(kept) != bool(_kept(books, other)):
            raise Violation("half", f"{_name(campus, deed)}: one half is given back, the other is not")


def _kept(books: Books, record: PurchaseRecord) -> int:
    deed = deed_of(encode(record))
    return books.amounts[deed] - books.voided[deed]


def _half(stored: bytes) -> PurchaseRecord | None:
    """The record, if it is a proven half."""
    if stored[STORED_HEAD + 1 : STORED_HEAD + 2] not in _PROVEN_KINDS or len(stored) < STORED_HEAD + PURCHASE_SIZE:
        return None
    record = decode(stored[STORED_HEAD:])
    is_half = isinstance(record, PurchaseRecord) and parse_flags(record.flags).pair is not Pair.ALONE
    return record if isinstance(record, PurchaseRecord) and is_half else None


_PROVEN_KINDS = (bytes((Kind.PURCHASE,)), bytes((Kind.RECOVERED,)))


def merchants(campus: "Campus", open_cases: set[Deed]) -> None:
    """Each merchant is owed what was bought at its terminals, at once or 待核."""
    named = {terminal.name: terminal.made.settings.merchant for terminal in campus.terminals}
    owed: Counter[str] = Counter()
    for deed, (terminal, happened) in campus.judge.deeds.items():
        if deed.kind is CounterKind.OFFLINE and deed not in open_cases:
            owed[named[terminal]] += happened.amount_fen - campus.judge.books.voided[deed]
    balances = campus.judge.books.balances
    for merchant, fen in owed.items():
        accounts = (f"merchant:{merchant}", f"held:{merchant}")
        booked = sum(campus.judge.books.apart[code] - balances[code] for code in accounts)
        if booked != fen:
            raise Violation("I3", f"{merchant}: bought {fen}, booked {booked}")


def zero_sum(campus: "Campus") -> None:
    """All balances add up to zero, and the ledger's own folded ones are these."""
    books = campus.judge.books
    if books.total():
        raise Violation("I2", f"all balances add up to {books.total()}")
    ledger = campus.ingest.ledger
    if ledger is None:
        raise Violation("liveness", "no ledger")
    ledger.fold()
    query = "SELECT a.code, b.debit_fen - b.credit_fen FROM balance b JOIN account a ON a.id = b.account"
    folded = {code: fen for code, fen in campus.ingest.database.execute(query) if fen}
    counted = {code: fen for code, fen in books.balances.items() if fen}
    if folded != counted:
        code = next(code for code in folded.keys() | counted.keys() if folded.get(code) != counted.get(code))
        raise Violation("I2", f"{code}: folded {folded.get(code)}, its entries {counted.get(code)}")


def story_adds_up(campus: "Campus") -> None:
    """What a card's story tells, few movements by themselves and the others as one sum, is what the books keep; and
    holders with every other named account are what the bank has. Of one card a seed: it reads the journal."""
    ledger, cards = campus.ingest.ledger, campus.cards
    if ledger is None:
        return
    label = cards[campus.world.seed % len(cards)].label
    with ledger.database.reading():
        told = campus.ingest.story(ledger, label)
        bank = balance_view(ledger.database, campus.ingest.now())
    if told is None or not told.adds_up:
        raise Violation("story", f"{label}: {told and (told.summed, told.balances)}")
    if not bank.is_balanced:
        raise Violation("story", f"holders {bank.holders_fen}, others {bank.others}, bank {bank.books_fen}")


def every_card_closes(campus: "Campus") -> None:
    """What a card was last known to hold is what it holds, and expected, late and unexplained make all of it. A finding
    has its record, and refuses nobody but a copy's card."""
    ledger = campus.ingest.ledger
    if ledger is None:
        return
    now, fault = campus.ingest.now(), campus.ingest.closing(ledger)
    if fault:
        raise Violation("closing", fault)
    with ledger.database.reading():
        rows = apart(ledger.database)
        one = campus.cards[(campus.world.seed // 3) % len(campus.cards)]
        told = card_now(ledger.database, one.label, now)
    for purse in told.purses if told else ():
        a = purse.apart
        if a.expected_fen + a.late_fen + a.unexplained_fen != a.known_fen:
            raise Violation("closing", f"{one.label}: {a}")
        if not rows and a.known_fen != one.balances_fen[a.whose[1]]:
            raise Violation("closing", f"{one.label}: known {a.known_fen}, it holds {one.balances_fen}")


def own_word(campus: "Campus") -> None:
    """The ledger's own `verify` says the same: it finds nothing broken in sound books."""
    ledger, operations = campus.ingest.ledger, campus.plan.key_operations()
    if ledger is not None:
        check_tac = KeysHere(operations, campus.world, campus.faults).check_tac
        report = verify(ledger, check_tac, witnesses(campus.edges))
        if not report.ok:
            raise Violation("verify", report.first_broken)


def _name(campus: "Campus", deed: Deed) -> str:
    label = next(card.label for card in campus.cards if card.card == deed.card)
    return f"{label} {deed.kind.name.lower()} {deed.counter}" + " of the subsidy" * deed.application
