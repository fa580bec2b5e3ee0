"""Load cases 圈存 in the books: one row per online request (device, epoch, request), and what it ended as.

A case ends confirmed (its TAC, or the card's next counter) or reversed (the same counter, proven by MAC1), never half.
A refused request is a case too, so that a repeated one hears the same.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from cloud.ledger.books.chart import Side
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.funds.spares import borrowed
from cloud.ledger.journal.balances import balance
from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.evidence import online_key
from cloud.ledger.loads.retry import Retry
from cloud.ledger.loads.sources import KINDS, LOAD_POSTINGS, Source, account_of, source_of
from cloud.ledger.loads.unloads import settle_unloads, taken_unloads, unload_took
from cloud.ledger.records.arrival import Arrival, case_key, split_key
from cloud.ledger.records.grey import State
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.facts.books import AccountNegative, LoadContradiction, LoadWithdrawn, LoadWithoutDebit
from shared.records import Kind, LoadRecord
from shared.wire import codec

COLUMNS = (
    "key, card, counter, balance_fen, amount_fen, psam, box, payload, result, time_s, state, debited, record, "
    "evidence, opened_ms, changed_ms, source, retry, offered_fen"
)
"""Of one card's cases the state is asked for as `+state`: by its index SQLite would read every card's cases in it."""
STEPS_MAX = 256
"""Loads of one card that are looked at for evidence, the newest; older ones lie before any open case in practice."""


_TAKEN = (int(CaseState.CONFIRMED), int(CaseState.CONFIRMED_BY_COUNTER))
SUSPENSE_STATE = {
    CaseState.CONFIRMED: State.RECOVERED,
    CaseState.CONFIRMED_BY_COUNTER: State.EVIDENCE,
    CaseState.REVERSED: State.NOTHING,
}
"""What a case's end makes of the records that stand in suspense for it."""


class LoadCase(NamedTuple):
    """One row. source: a sources.Source. offered_fen: what the answer to a question named."""

    key: bytes
    card: bytes
    counter: int
    balance_fen: int
    amount_fen: int
    psam: bytes
    box: str
    payload: bytes
    result: int
    time_s: int
    state: int
    debited: int
    record: int | None
    evidence: str
    opened_ms: int
    changed_ms: int
    source: int = Source.ONLINE
    retry: int = Retry.OPEN
    offered_fen: int = 0


def case_of(db: Database, key: bytes) -> LoadCase | None:
    """The case of this request."""
    rows = db.run(f"SELECT {COLUMNS} FROM load_case WHERE key = ?", (key,))  # noqa: S608  # our own names
    return LoadCase(*rows[0]) if rows else None


def is_granted(db: Database, arrival: Arrival) -> bool:
    """Is this the load that was granted under its request? Then the request says which purse it was for."""
    case = case_of(db, case_key(arrival))
    return case is not None and bool(case.debited) and is_same_load(case, load_of(arrival))


def add_case(db: Database, case: LoadCase) -> None:
    """A new row."""
    row = tuple(getattr(case, name) for name in COLUMNS.split(", "))
    db.insert("load_case", COLUMNS, [row])


def taken_loads(db: Database, card: bytes) -> list[tuple[int, int, int]]:
    """(online counter, balance before, sum) of the loads that the card certainly took, by counter."""
    rows = db.run(
        "SELECT counter, balance_fen, amount_fen FROM load_case WHERE card = ? AND state IN (?, ?) "
        "ORDER BY counter DESC LIMIT ?",
        (card, *_TAKEN, STEPS_MAX),
    )
    return [(counter, before, fen) for counter, before, fen in reversed(rows)]


def online_steps(db: Database, card: bytes) -> list[tuple[int, int, int]]:
    """(online counter, balance before, sum) of loads, and of unloads with a negative sum, by counter."""
    return sorted([*taken_loads(db, card), *taken_unloads(db, card)])


def take_records(writing: Writing, loads: Sequence[tuple[Arrival, int]]) -> None:
    """Loads with a valid TAC and a new counter, by their number in the books: confirm their cases."""
    for arrival, record in loads:
        _take(writing, arrival, record)
        _settle_earlier(writing, arrival)


def _take(writing: Writing, arrival: Arrival, record: int) -> None:
    _withdraw_others(writing, arrival, record)
    load, case = load_of(arrival), case_of(writing.db, case_key(arrival))
    if case is None or not is_same_load(case, load):
        _post_alone(writing, arrival, record, known=case)
    elif case.state == CaseState.PENDING and case.debited:
        _enter(writing, EntryKind.LOAD_CONFIRMED, arrival, record, case.key)
        close_case(writing, case, CaseState.CONFIRMED, record)
    elif case.state == CaseState.CONFIRMED_BY_COUNTER:
        close_case(writing, case, CaseState.CONFIRMED, record)  # the money moved when the next counter was seen
    else:
        _post_alone(writing, arrival, record, known=case)


def _withdraw_others(writing: Writing, arrival: Arrival, record: int) -> None:
    """Another load took this counter, as its TAC proves now: what the next counter had confirmed was not credited.

    Only a ledger that was put back meets this: it has lost the request that would have reversed the other case.
    """
    load, own = load_of(arrival), case_key(arrival)
    rows = writing.db.run(
        f"SELECT {COLUMNS} FROM load_case WHERE card = ? AND counter = ? AND +state = ? ORDER BY key",  # noqa: S608
        (load.card, load.counter, int(CaseState.CONFIRMED_BY_COUNTER)),
    )
    for case in (LoadCase(*row) for row in rows):
        if case.key != own or not is_same_load(case, load):
            _withdraw(writing, case, record)
            reverse(writing, case, codec.dumps([int(Kind.LOAD), arrival.stored]), is_wanted=False)


def _withdraw(writing: Writing, case: LoadCase, record: int) -> None:
    kind = EntryKind.LOAD_CONFIRMED_BY_COUNTER if case.debited else KINDS[Source(case.source)].alone
    writing.booking.flush()
    for (entry,) in writing.db.run("SELECT entry FROM posting WHERE key = ?", (bytes((kind,)) + case.key,)):
        writing.withdraw(entry, record)  # there is none for a load of nothing
    writing.notes.tell(LoadWithdrawn(split_key(case.key)[2]))


def is_same_load(case: LoadCase, load: LoadRecord) -> bool:
    """Does this record speak of what was asked for?"""
    return (case.card, case.counter, case.amount_fen) == (load.card, load.counter, load.amount_fen)


def _post_alone(writing: Writing, arrival: Arrival, record: int, known: LoadCase | None) -> None:
    """The card has the money and nothing of ours is in transit for it: the account pays, below zero if need be."""
    load = load_of(arrival)
    accounts = writing.registry.cards[load.card].accounts
    key = arrival.key + record.to_bytes(8, "big")
    source = Source(known.source) if known is not None and is_same_load(known, load) else source_of(load)
    _enter(writing, KINDS[source].alone, arrival, record, key)
    if known is None:
        add_case(writing.db, case_of_record(writing, arrival, CaseState.CONFIRMED, record))
    elif is_same_load(known, load):
        close_case(writing, known, CaseState.CONFIRMED, record)
    kind = LoadWithoutDebit if known is None or not known.debited else LoadContradiction
    writing.notes.tell(kind(arrival.seq), device=writing.named(arrival.device))
    _note_negative(writing, account_of(accounts, source), load.card)


def _note_negative(writing: Writing, payer: int, card: bytes) -> None:
    writing.booking.flush()
    left = balance(writing.db, payer, Side.CREDIT)
    if left < 0:
        writing.notes.tell(AccountNegative(left, card))


def _settle_earlier(writing: Writing, arrival: Arrival) -> None:
    load = load_of(arrival)
    settle_pending(writing, load.card, load.counter, codec.dumps([int(Kind.LOAD), arrival.stored]))


def settle_pending(writing: Writing, card: bytes, counter: int, evidence: bytes) -> None:
    """What a proven online counter says of the card's pending cases: those before it were credited, its own was not.

    Idempotent. evidence: the bytes that prove the counter, kept with the entries.
    """
    rows = writing.db.run(
        f"SELECT {COLUMNS} FROM load_case WHERE card = ? AND state = ? AND counter <= ? ORDER BY counter, key",  # noqa: S608
        (card, int(CaseState.PENDING), counter),
    )
    for case in (LoadCase(*row) for row in rows):
        decide(writing, case, counter, evidence)
    settle_unloads(writing, card, counter, evidence, partial(_load_took, writing.db, card))


def decide(writing: Writing, case: LoadCase, counter: int, evidence: bytes) -> None:
    """End a pending case by an online counter that its card has proven, its own or a later one."""
    taken = case.counter != counter and _counter_taken(writing.db, case)
    if case.counter == counter or taken:
        reverse(writing, case, evidence, is_wanted=not taken)
    else:
        confirm_by_counter(writing, case, evidence)


def _counter_taken(db: Database, case: LoadCase) -> bool:
    """Another load, or an unload, has proven the counter of this case."""
    return counter_is_proven(db, case.card, case.counter)


def counter_is_proven(db: Database, card: bytes, counter: int) -> bool:
    """Has a load's TAC, or an unload, taken this online counter of the main purse?"""
    known = db.run("SELECT 1 FROM proof WHERE card_key = ?", (online_key(card, counter),))
    return bool(known) or unload_took(db, card, counter)


def _load_took(db: Database, card: bytes, counter: int) -> bool:
    if db.run("SELECT 1 FROM proof WHERE card_key = ?", (online_key(card, counter),)):
        return True
    by_counter = "SELECT 1 FROM load_case WHERE card = ? AND counter = ? AND state IN (?, ?)"
    return bool(db.run(by_counter, (card, counter, *_TAKEN)))


def confirm_by_counter(writing: Writing, case: LoadCase, evidence: bytes) -> None:
    """The card's online counter went on: it took the load. One of nothing (a terminal may say so) makes no entry."""
    if not case.amount_fen:
        close_case(writing, case, CaseState.CONFIRMED_BY_COUNTER, None)
        return
    kind = EntryKind.LOAD_CONFIRMED_BY_COUNTER if case.debited else KINDS[Source(case.source)].alone
    _enter_document(writing, kind, case, evidence)
    close_case(writing, case, CaseState.CONFIRMED_BY_COUNTER, None)


def reverse(writing: Writing, case: LoadCase, evidence: bytes, *, is_wanted: bool) -> None:
    """The card did not take the load: the money goes back to where it came from. is_wanted: may be tried once more."""
    if case.debited:
        _enter_document(writing, KINDS[Source(case.source)].reversed, case, evidence)
    if not (is_wanted and case.debited):
        set_retry(writing, case, Retry.CLOSED)
    close_case(writing, case, CaseState.REVERSED, None)


def set_retry(writing: Writing, case: LoadCase, retry: Retry) -> None:
    """Mark a case."""
    writing.db.run("UPDATE load_case SET retry = ? WHERE key = ?", (int(retry), case.key))


def close_case(writing: Writing, case: LoadCase, state: CaseState, record: int | None) -> None:
    """Also settles what stands in suspense for it."""
    ms = writing.now.unix_ms
    writing.db.run(
        "UPDATE load_case SET state = ?, record = ?, changed_ms = ? WHERE key = ?", (int(state), record, ms, case.key)
    )
    writing.db.run(
        "UPDATE suspense SET state = ?, changed_ms = ? WHERE load = ?", (int(SUSPENSE_STATE[state]), ms, case.key)
    )


def _enter(writing: Writing, kind: EntryKind, arrival: Arrival, record: int, key: bytes) -> None:
    load = load_of(arrival)
    place = writing.registry.place("", arrival.device, arrival.psam)
    card = writing.registry.cards[load.card]
    postings = LOAD_POSTINGS[kind](card.accounts, load.amount_fen)
    entry = writing.load_entry(kind, arrival, record, bytes((kind,)) + key, place, card, postings)
    writing.booking.add_entry(entry, OWN_PARTITION)


def _enter_document(writing: Writing, kind: EntryKind, case: LoadCase, evidence: bytes) -> None:
    payer = payer_of_case(writing, case)
    postings = LOAD_POSTINGS[kind](borrowed(writing.registry, case.card, payer), case.amount_fen)
    document = load_document(kind, case.key, case.card, case.amount_fen, evidence, payer)
    key = bytes((kind,)) + case.key
    day = day_number(writing.now.campus_s)
    writing.booking.add_entry(
        Entry(kind, day, key, document_hash(document), postings, document=document), OWN_PARTITION
    )


def load_document(kind: EntryKind, key: bytes, card: bytes, fen: int, evidence: bytes, payer: bytes) -> bytes:
    """What a load's entry says; the payer only where it is another card than the one that is loaded, a spare."""
    body: list[object] = [int(kind), key, card, fen, evidence]
    return codec.dumps(body if payer == card else [*body, payer])


def payer_of_case(writing: Writing, case: LoadCase) -> bytes:
    """The card whose account was debited when it was granted; its own, where nothing was. What was given back, or is
    missing, is that card's, wherever the spare is by now."""
    writing.booking.flush()
    key = bytes((KINDS[Source(case.source)].authorised,)) + case.key
    rows = writing.db.run("SELECT document FROM posting WHERE key = ?", (key,))
    return bytes((*codec.loads(rows[0][0]), case.card)[_PAYER]) if rows else case.card


_PAYER = 5
"""At which place of its document a load names its payer."""


def case_of_record(writing: Writing, arrival: Arrival, state: CaseState, record: int) -> LoadCase:
    """A case of which only its record is known here: nothing was debited for it."""
    load, ms = load_of(arrival), writing.now.unix_ms
    return LoadCase(
        case_key(arrival), load.card, load.counter, load.balance_fen, load.amount_fen, arrival.psam, "", b"", 0,
        load.time, int(state), 0, record, "", ms, ms, int(source_of(load)), int(Retry.CLOSED),
    )  # fmt: skip


def load_of(arrival: Arrival) -> LoadRecord:
    """Its record; TypeError when that is no load."""
    if not isinstance(arrival.record, LoadRecord):
        raise TypeError("a load case has load records")
    return arrival.record
