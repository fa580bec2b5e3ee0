"""What must be true when everything has come to rest: cards, shown logs and books say the same, to the fen."""

from collections import Counter
from typing import TYPE_CHECKING

from cloud.ledger.grey import State
from cloud.ledger.verify import verify
from shared.records import STORED_HEAD, CounterKind, PurchaseRecord, decode
from tests.sim.ingest_part import KeysHere
from tests.sim.judge import deed_of_row
from tests.sim.truth import Deed
from tests.sim.world import Violation

if TYPE_CHECKING:
    from tests.sim.campus import Campus


VERIFY_EVERY = 4
"""`verify` reads everything and checks every TAC again: a fifth of the time of a small seed."""


def check_end(campus: "Campus") -> None:
    """I1, I2, I3 in full."""
    open_cases = explained(campus)
    exactly_once(campus, open_cases)
    shown_once(campus)
    card_chain(campus, open_cases)
    merchants(campus, open_cases)
    zero_sum(campus)
    if campus.world.seed % VERIFY_EVERY == 0:
        own_word(campus)


def explained(campus: "Campus") -> set[Deed]:
    """Debits that stay open by rule: two grey attempts with one counter, sum and balance, and nobody can tell which.

    A grey debit just before such a one rests on it, and is open with it.
    """
    found: set[Deed] = set()
    judge = campus.judge
    for deed in sorted(judge.deeds, key=lambda deed: -deed.counter):
        if judge.books.posted[deed] or deed.kind is not CounterKind.OFFLINE:
            continue
        amount, after = judge.deeds[deed][1].amount_fen, judge.deeds[deed][1].balance_fen
        greys = [grey for grey in _open_greys(campus, deed) if grey.amount_fen == amount]
        debits = {(grey.ttn, grey.time, grey.seq) for grey in greys if grey.balance_fen == after + amount}
        if len(debits) > 1 or (debits and deed._replace(counter=deed.counter + 1) in found):
            found.add(deed)
    return found


def _open_greys(campus: "Campus", deed: Deed) -> list[PurchaseRecord]:
    query = (
        "SELECT r.stored FROM suspense s JOIN record r ON r.id = s.record "
        "WHERE substr(s.purse, 1, 10) = ? AND s.counter = ? AND s.load IS NULL AND s.state = ?"
    )
    rows = campus.ingest.database.execute(query, (deed.card, deed.counter, int(State.OPEN)))
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
    """Is it posted once? One over nothing, the entry of a ride, has its record in the ledger and nothing to post."""
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
        waiting = sum(campus.judge.deeds[deed][1].amount_fen for deed in open_cases if deed.card == card.card)
        balance = card.opening_fen
        for happened in card.history:
            balance += happened.amount_fen if happened.deed.kind is CounterKind.ONLINE else -happened.amount_fen
            if balance != happened.balance_fen:
                raise Violation("I3", f"{card.label}: the card's own chain breaks at {happened.deed.counter}")
        if -balances[f"purse:{name}"] != card.balance_fen + waiting:
            raise Violation("I3", f"{card.label}: card {card.balance_fen}, float {-balances[f'purse:{name}']}")
        if balances[f"transit:{name}"]:
            raise Violation("I3", f"{card.label}: {-balances[f'transit:{name}']} fen are still in transit")


def merchants(campus: "Campus", open_cases: set[Deed]) -> None:
    """Each merchant is owed what was bought at its terminals, at once or 待核."""
    named = {terminal.name: terminal.made.settings.merchant for terminal in campus.terminals}
    owed: Counter[str] = Counter()
    for deed, (terminal, happened) in campus.judge.deeds.items():
        if deed.kind is CounterKind.OFFLINE and deed not in open_cases:
            owed[named[terminal]] += happened.amount_fen
    balances = campus.judge.books.balances
    for merchant, fen in owed.items():
        booked = -balances[f"merchant:{merchant}"] - balances[f"held:{merchant}"]
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


def own_word(campus: "Campus") -> None:
    """The ledger's own `verify` says the same: it finds nothing broken in sound books."""
    ledger, operations = campus.ingest.ledger, campus.plan.key_operations()
    if ledger is not None:
        report = verify(ledger, KeysHere(operations, campus.world, campus.faults).check_tac)
        if not report.ok:
            raise Violation("verify", report.first_broken)


def _name(campus: "Campus", deed: Deed) -> str:
    label = next(card.label for card in campus.cards if card.card == deed.card)
    return f"{label} {deed.kind.name.lower()} {deed.counter}"
