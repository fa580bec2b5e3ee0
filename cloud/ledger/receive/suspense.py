"""Suspense cases of purchases in the books: opens them, and settles them again whenever something new may decide.

The decision is grey.settle's; here the evidence is gathered and the difference to the books is posted: an entry by
evidence, or its withdrawal when a proof says otherwise.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.journal.picture import grey_changed
from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.cases import online_steps
from cloud.ledger.loads.evidence import MAIN_PURSE
from cloud.ledger.records.arrival import Arrival, arrive, case_key, is_apart, purse_key
from cloud.ledger.records.grey import STANDS, Case, Evidence, LoadStep, State, settle
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Row
from shared.facts.books import GreyWithdrawn
from shared.records import CounterKind, PurchaseRecord

COUNTER_MAX = 0xFFFF
COLUMNS = "record, record_key, purse, counter, load, state, generation, entry, opened_ms, changed_ms"
_CASES = "SELECT record, record_key, purse, counter, load, state, generation, entry FROM suspense WHERE purse"
_RECORDS = "SELECT id, stored, box, fork, reason, received_s FROM record WHERE id"


@dataclass(slots=True)
class Touched:
    """Counters of purses about which something new is held. None: all of the purse's, for a load moved its balance."""

    counters: dict[bytes, set[int] | None] = field(default_factory=dict)

    def purchase(self, arrival: Arrival, counter: int) -> None:
        """A proof with counter n speaks of n, and of n − 1 by its balance."""
        known = self.counters.setdefault(purse_key(arrival.card_key), set())
        if known is not None:
            known.update((counter, counter - 1))

    def case(self, purse: bytes, counter: int) -> None:
        """A case opened, or its terminal spoke about it."""
        known = self.counters.setdefault(purse, set())
        if known is not None:
            known.add(counter)

    def load(self, purse: bytes) -> None:
        """A load of this purse became certain."""
        self.counters[purse] = None

    def names(self, purse: bytes, counter: int) -> bool:
        """Is this case to be looked at?"""
        known = self.counters[purse]
        return known is None or counter in known


@dataclass(slots=True)
class _Case:
    """A row of suspense with the record behind it."""

    row: Row
    arrival: Arrival
    box: str
    fork: int
    reason: int
    received_s: int

    @property
    def record(self) -> PurchaseRecord:
        found = self.arrival.record
        if not isinstance(found, PurchaseRecord):
            raise TypeError("a purchase case has a purchase record")
        return found

    def grey(self) -> Case:
        r = self.record
        debit = self.arrival.psam, r.ttn
        return Case(self.row[0], debit, r.balance_fen, r.amount_fen, is_apart(self.row[1]))


def open_cases(writing: Writing, opened: Iterable[tuple[Arrival, int]], touched: Touched) -> None:
    """Put unproven purchases into suspense."""
    ms, rows = writing.now.unix_ms, []
    for arrival, record in opened:
        purse, counter = purse_key(arrival.card_key), int.from_bytes(arrival.card_key[-2:], "big")
        touched.case(purse, counter)
        writing.grey_opened.add(purse)
        rows.append((record, arrival.key, purse, counter, None, int(State.OPEN), 0, None, ms, ms))
    if rows:
        writing.db.insert("suspense", COLUMNS, rows)
        grey_changed(writing.db)


def open_load_cases(writing: Writing, opened: Sequence[tuple[Arrival, int, State]], touched: Touched) -> None:
    """Put unproven loads into suspense; they end as their load case ends, and one that has ended moved the purse."""
    ms = writing.now.unix_ms
    for arrival, _, state in opened:
        if state is not State.OPEN:
            touched.load(purse_key(arrival.card_key))
    rows = [
        (record, a.key, purse_key(a.card_key), int.from_bytes(a.card_key[-2:], "big"), case_key(a), int(state), 0, None,
         ms, ms)
        for a, record, state in opened
    ]  # fmt: skip
    writing.db.insert("suspense", COLUMNS, rows)


def note_claims(writing: Writing, claims: Iterable[tuple[bytes, Arrival, int]], touched: Touched) -> None:
    """Terminals said 'not debited' of their records (target key, claiming record)."""
    rows = []
    for target, arrival, record in claims:
        touched.case(purse_key(arrival.card_key), int.from_bytes(arrival.card_key[-2:], "big"))
        rows.append((target, record))
    writing.db.insert("claim", "target, record", rows)


def settle_touched(writing: Writing, touched: Touched) -> None:
    """Look again at every case that something new may decide."""
    with_grey = writing.picture.grey_purses | writing.grey_opened
    purses = [purse for purse in touched.counters if purse in with_grey]
    if not purses:
        return
    rows = writing.db.find(_CASES, purses)
    wanted = [row for row in rows if row[4] is None and touched.names(row[2], row[3])]
    if not wanted:
        return
    writing.booking.flush()
    groups: dict[tuple[bytes, int], list[_Case]] = defaultdict(list)
    for case in _with_records(writing, wanted):
        groups[case.row[2], case.row[3]].append(case)
    for purse, counter in sorted(groups, reverse=True):
        _settle_downward(writing, purse, counter, groups)


def _settle_downward(
    writing: Writing, purse: bytes, counter: int, groups: dict[tuple[bytes, int], list[_Case]]
) -> None:
    """A counter's cases, and those of the counter before for as long as that changes what they may rest on."""
    cases = groups.pop((purse, counter), None)
    while cases and _settle_group(writing, purse, counter, cases):
        counter -= 1
        groups.pop((purse, counter), None)
        cases = _cases_of(writing, purse, counter)


def _cases_of(writing: Writing, purse: bytes, counter: int) -> list[_Case]:
    rows = writing.db.run(f"{_CASES} = ? AND counter = ? AND load IS NULL", (purse, counter))
    return _with_records(writing, rows)


def _with_records(writing: Writing, rows: list[Row]) -> list[_Case]:
    by_id = {row[0]: row for row in rows}
    found = writing.db.find(_RECORDS, list(by_id))
    return [
        _Case(by_id[number], arrive(stored), box, fork, reason, received_s)
        for number, stored, box, fork, reason, received_s in sorted(found)
    ]


def _settle_group(writing: Writing, purse: bytes, counter: int, cases: list[_Case]) -> bool:
    """Did the case that stands for a debit here change?"""
    evidence = Evidence(
        _claimed(writing, cases),
        _proof(writing, purse, counter),
        _next_balance(writing, purse, counter),
        [LoadStep(*step) for step in _loads_of(writing, purse)],
    )
    states = settle([case.grey() for case in cases], evidence)
    before = [case.row[0] for case in cases if case.row[5] in STANDS]
    for case in cases:
        _apply(writing, case, states[case.row[0]])
    return before != [case.row[0] for case in cases if states[case.row[0]] in STANDS]


def _loads_of(writing: Writing, purse: bytes) -> list[tuple[int, int, int]]:
    """A load moves the main purse only."""
    return online_steps(writing.db, purse[:10]) if purse[10] == MAIN_PURSE else []


def _claimed(writing: Writing, cases: list[_Case]) -> set[int]:
    """Records that their terminal called not debited, in a record about the same card and counter."""
    by_key = {case.row[1]: case for case in cases}  # what came from elsewhere has a key that no terminal speaks of
    rows = writing.db.find("SELECT target, record FROM claim WHERE target", list(by_key))
    stored = writing.db.find("SELECT id, stored FROM record WHERE id", [record for _, record in rows])
    records: dict[int, bytes] = dict(stored)
    return {
        by_key[target].row[0] for target, record in rows
        if arrive(records[record]).card_key == by_key[target].arrival.card_key
    }  # fmt: skip


def _proof(writing: Writing, purse: bytes, counter: int) -> tuple[bytes, int] | None:
    held = _proven(writing, purse, counter)
    return None if held is None else (held.psam, _purchase(held).ttn)


def _next_balance(writing: Writing, purse: bytes, counter: int) -> int | None:
    """What the card said before its next purchase: a proven one, or a grey one that evidence of its own has decided.

    So a card that was torn twice in a row is settled from its first whole purchase backwards.
    """
    if counter >= COUNTER_MAX:
        return None
    held = _proven(writing, purse, counter + 1) or _by_evidence(writing, purse, counter + 1)
    return None if held is None else _purchase(held).balance_fen


def _by_evidence(writing: Writing, purse: bytes, counter: int) -> Arrival | None:
    query = (
        "SELECT r.stored FROM suspense s JOIN record r ON r.id = s.record "
        "WHERE s.purse = ? AND s.counter = ? AND s.load IS NULL AND s.state IN (?, ?)"
    )
    rows = writing.db.run(query, (purse, counter, int(State.EVIDENCE), int(State.EMPTY)))
    return arrive(rows[0][0]) if rows else None


def _proven(writing: Writing, purse: bytes, counter: int) -> Arrival | None:
    key = purse + bytes((CounterKind.OFFLINE,)) + counter.to_bytes(2, "big")
    rows = writing.db.run("SELECT r.stored FROM proof p JOIN record r ON r.id = p.record WHERE p.card_key = ?", (key,))
    return arrive(rows[0][0]) if rows else None


def _purchase(arrival: Arrival) -> PurchaseRecord:
    if not isinstance(arrival.record, PurchaseRecord):
        raise TypeError("an offline counter is a purchase's")
    return arrival.record


def _apply(writing: Writing, case: _Case, wanted: State) -> None:
    record, _, _, _, _, state, generation, entry = case.row
    if state == wanted:
        return
    if state == State.EVIDENCE:
        _withdraw(writing, case, entry)
        entry = None
    if wanted is State.EVIDENCE:
        generation += 1
        entry = _post(writing, case, generation)
        wanted = State.OPEN if entry is None else wanted
    writing.db.run(
        "UPDATE suspense SET state = ?, generation = ?, entry = ?, changed_ms = ? WHERE record = ?",
        (int(wanted), generation, entry, writing.now.unix_ms, record),
    )


def _post(writing: Writing, case: _Case, generation: int) -> int | None:
    card = writing.registry.cards.get(case.record.card)
    if card is None:
        return None
    place = writing.registry.origin(case.box, case.arrival)
    key = bytes((EntryKind.EVIDENCE,)) + case.row[0].to_bytes(8, "big") + generation.to_bytes(2, "big")
    held = bool(place.reason) or case.reason == Reason.FORK
    entry = writing.purchase_entry(
        EntryKind.EVIDENCE, case.arrival, case.row[0], key, place, card, held=held, received_s=case.received_s
    )
    return writing.booking.add_entry(entry, OWN_PARTITION)


def _withdraw(writing: Writing, case: _Case, entry: int) -> None:
    writing.booking.flush()
    writing.withdraw(entry, case.row[0])
    writing.notes.tell(GreyWithdrawn(case.arrival.seq), device=writing.named(case.arrival.device))
