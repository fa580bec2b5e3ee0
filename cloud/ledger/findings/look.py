"""Looks at the purses that were touched since the last look, and opens, widens or clears their differences.

Beside the posting of records, never in it: bounded work every few seconds, up to a watermark of entries. What is late
or not decided is waited for; a difference that it made is cleared when it has come, and that is told, too. A balance
that does not fit is told to nobody for OWED_WAIT_MS while a terminal owes records: what explains it may be there.
What the school bears of lost cards is booked here, before their purses are looked at.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import NamedTuple

from cloud.ledger.books.chart import AccountKind
from cloud.ledger.findings.acting import follow_differences, look_for_back, look_for_copies, look_for_jumps
from cloud.ledger.findings.closing import Standing, close, due
from cloud.ledger.findings.found import known_of, lapse
from cloud.ledger.findings.listed_use import tell_of_use
from cloud.ledger.findings.listing import follow, policy
from cloud.ledger.findings.purses import (
    Purse,
    Whose,
    newest_of_purses,
    place_of,
    whole_purse,
)
from cloud.ledger.findings.rows import (
    MAIN,
    SUBSIDY,
    Difference,
    Finding,
    Kind,
    State,
    add,
    change,
    of_cards,
    over,
    watched,
)
from cloud.ledger.fleet.heard import terminals
from cloud.ledger.held.losses.bearing import bear, kept_or_lost
from cloud.ledger.held.losses.reports import Report, reports
from cloud.ledger.held.losses.spent import Spent, borne, released_at
from cloud.ledger.held.losses.spent import spent as spent_by
from cloud.ledger.journal.balances import fold
from cloud.ledger.journal.facts import FactRow, append, row_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.chain import Break, Chain, breaks, chain_of, mark_of
from cloud.store.db import Database, Row
from shared.facts.books import BalanceChainBroken, LostCardSpent, PurseNegative
from shared.facts.losses import LossBorne
from shared.records import CounterKind

ENTRIES_MAX = 16
"""Most entries of a look: what a record that comes meanwhile waits for."""
WATCHED_EVERY = 256
"""Entries after which open differences are looked at again though more entries wait; else when none does."""
BREAKS_MAX = 8
"""Most steps of one purse that are named at a look."""
OWED_WAIT_MS = 60_000
"""So long, and no longer, a balance that does not fit waits to be told while any terminal is known to owe records."""
_LATE = frozenset({Kind.NEGATIVE, Kind.CHAIN})
"""What a record that is owed may explain."""
_WATERMARK = "findings"
_OF_CARDS = frozenset(
    kind.value for kind in (AccountKind.PURSE, AccountKind.SUBSIDY, AccountKind.TRANSIT, AccountKind.PENDING)
)
_WORDS = {MAIN: "main", SUBSIDY: "subsidy"}


class _Opened(NamedTuple):
    """A purse as it was issued, and its account."""

    whose: Whose
    label: str
    opening_fen: int
    account: int


class _Looked(NamedTuple):
    """One purse as it stands. spent: what it has paid, and the school bears: since a report of loss that stands."""

    card: bytes
    application: int
    label: str
    opening_fen: int
    balance_fen: int
    purse: Purse
    chain: Chain
    lost: Report | None
    spent: list[Spent]


def look(writing: Writing) -> bool:
    """Inside of a transaction. Is there more to look at?"""
    db = writing.db
    fold(db)
    low, last = looked_upto(db)
    high = min(last, low + ENTRIES_MAX)
    again = watched(db) if high == last or low // WATCHED_EVERY < high // WATCHED_EVERY else ()
    again_apart = due(db, writing.now.unix_ms) if high == last else []
    cards = sorted({*_touched(db, low, high), *again, *again_apart})
    if cards:
        lost = reports(db, cards)
        _look_at(writing, cards, lost, _bear(writing, cards, lost))
    if high > low:
        tell_of_use(writing, low, high)
        db.run("UPDATE watermark SET value = ? WHERE name = ?", (high, _WATERMARK))
    more = look_for_copies(writing)
    if high == last:
        look_for_jumps(writing, sorted({*again_apart}))
        lapse(writing)
    return bool(last > high) or more


def looked_upto(db: Database) -> tuple[int, int]:
    """The entry up to which it was looked, and the last one."""
    ((seen, last),) = db.run(
        "SELECT value, (SELECT COALESCE(MAX(entry), 0) FROM posting) FROM watermark WHERE name = ?", (_WATERMARK,)
    )
    return seen, last


def _bear(writing: Writing, cards: list[bytes], lost: dict[bytes, Report]) -> set[bytes]:
    """Book what lost cards have spent; of one without a report that came after its release, tell it here. Which of them
    are lost, kept or replaced."""
    special = kept_or_lost(writing.db, cards)
    for card in sorted(special):
        for one in bear(writing, card, lost.get(card)):
            if card not in lost:
                device, name, place = place_of(writing.db, one.record)
                told = LossBorne(writing.registry.cards[card].label, name, place, one.said.amount_fen)
                writing.notes.tell(told, device=device)
    fold(writing.db)
    return special


def _touched(db: Database, low: int, high: int) -> set[bytes]:
    """Cards of which a purse, or what is in transit to it, was moved by these entries."""
    rows = db.run("SELECT debit, credit FROM posting WHERE entry > ? AND entry <= ?", (low, high))
    accounts = sorted({account for row in rows for account in row})
    found = db.find("SELECT kind, code FROM account WHERE id", accounts)
    return {bytes.fromhex(code.partition(":")[2]) for kind, code in found if kind in _OF_CARDS}


def _look_at(
    writing: Writing, cards: Sequence[bytes], lost: dict[bytes, Report], special: set[bytes]
) -> None:  # fmt: skip
    known: dict[bytes, list[Difference]] = {card: [] for card in cards}
    for one in of_cards(writing.db, cards):
        known[one.found.card].append(one)
    facts: list[FactRow] = []
    ended: list[tuple[str, bytes, Kind]] = []
    is_owed = cache(partial(_is_owed, writing.db))
    purses = list(_purses(writing.db, cards, lost))
    for looked in purses:
        mine = [one for one in known[looked.card] if one.found.application == looked.application]
        facts += _compared(writing, looked, mine, is_owed)
        ended += [(looked.label, looked.card, kind) for kind in _cleared(writing, looked, mine)]
    append(writing.db, facts + _over(writing, ended))
    if policy(writing.db):
        follow(writing, cards)
    close(writing, [_standing(one) for one in purses], special)
    look_for_back(writing, {(one.card, one.application): one.purse.purchases for one in purses})
    if facts or any(known.values()) or known_of(writing.db, cards):
        follow_differences(writing, cards)


def _standing(looked: _Looked) -> Standing:
    return Standing((looked.card, looked.application), looked.opening_fen, looked.balance_fen, looked.purse)


def _purses(db: Database, cards: Sequence[bytes], lost: dict[bytes, Report]) -> Iterator[_Looked]:
    """In the cards' order: a database answers in its own, and differences are numbered as they are found."""
    found = db.find(
        "SELECT card, label, opening_fen, purse_account, subsidy_fen, subsidy_account FROM card WHERE card", cards
    )
    rows = sorted(found)
    accounts = [account for row in rows for account in (row[3], row[5])]
    balances: dict[int, int] = dict(
        db.find("SELECT account, credit_fen - debit_fen FROM balance WHERE account", accounts)
    )
    there = [one for row in rows for one in _purses_of_card(row) if one.account in balances]
    steps = newest_of_purses(db, [one.whose for one in there])
    for one in there:
        yield _looked(db, one, balances[one.account], steps[one.whose], lost.get(one.whose[0]))


def _purses_of_card(row: Row) -> tuple[_Opened, _Opened]:
    card, label, main_fen, main, subsidy_fen, subsidy = row
    return (
        _Opened((bytes(card), MAIN), label, main_fen, main),
        _Opened((bytes(card), SUBSIDY), label, subsidy_fen, subsidy),
    )


def _looked(db: Database, opened: _Opened, balance_fen: int, purse: Purse, lost: Report | None) -> _Looked:
    card, application = opened.whose
    due = borne(spent_by(db, card), lost, released_at(db, card)) if lost else []
    spent = [one for one in due if one.application == application]
    chain = _chain(opened.opening_fen, purse)
    return _Looked(*opened.whose, opened.label, opened.opening_fen, balance_fen, purse, chain, lost, spent)


def _chain(opening_fen: int, purse: Purse) -> Chain:
    return chain_of(opening_fen, [one.step for one in purse.purchases], purse.loads, whole=purse.whole)


def _compared(
    writing: Writing, looked: _Looked, known: Sequence[Difference], is_owed: Callable[[], bool]
) -> Iterator[FactRow]:
    """Open, widen, open again, or let wait; what is new or wider is told."""
    for one in _found(looked, known):
        if any(row.covers(one) and (row.explanation or row.state is State.OPEN) for row in known):
            continue
        mine = [row for row in known if row.found.identity == one.identity and row.explanation is None]
        if not _waits(writing, one, mine, is_owed):
            _keep(writing, one, mine, State.OPEN)
            yield _told(writing, looked, one)
        elif not mine or mine[-1].state is not State.WAITING:
            _keep(writing, one, mine, State.WAITING)


def _cleared(writing: Writing, looked: _Looked, known: Sequence[Difference]) -> Iterator[Kind]:
    """What nothing shows any more: kinds of those that were told."""
    there = {one.identity for one in _found(looked, known)}
    for row in known:
        stands = row.explanation is None and row.state is not State.CLEARED
        if stands and row.found.identity not in there and _is_settled(writing.db, looked, row.found):
            change(writing, row, row.found, State.CLEARED)
            if row.state is State.OPEN:
                yield row.found.kind


def _over(writing: Writing, ended: Sequence[tuple[str, bytes, Kind]]) -> list[FactRow]:
    """Of each card and kind once, when none is left: one purse's end is not the other's."""
    known = of_cards(writing.db, sorted({card for _, card, _ in ended}))
    told = [one for row in dict.fromkeys(ended) for one in over(*row, known)]
    return [row_of(one, writing.now.unix_ms) for one in told]


def _found(looked: _Looked, known: Sequence[Difference]) -> list[Finding]:
    explained = {one.found.mark for one in known if one.explanation and one.found.kind is Kind.CHAIN}
    return list(_findings(looked, explained))


def _waits(writing: Writing, found: Finding, mine: Sequence[Difference], is_owed: Callable[[], bool]) -> bool:
    """May what is owed explain it, and is there time? What was told and grows waits for nothing."""
    if found.kind not in _LATE or any(row.state is State.OPEN for row in mine):
        return False
    is_due = any(row.state is State.WAITING and writing.now.unix_ms - row.changed_ms >= OWED_WAIT_MS for row in mine)
    return not is_due and is_owed()


def _is_owed(db: Database) -> bool:
    """Has any terminal said of records that are not here, or of a slot that is not decided?"""
    return any(one.owed or one.open_slots for one in terminals(db))


def _keep(writing: Writing, found: Finding, mine: Sequence[Difference], state: State) -> None:
    if mine:
        change(writing, mine[-1], found, state)
    else:
        add(writing, found, state)


def _findings(looked: _Looked, explained: set[int]) -> Iterator[Finding]:
    purse, who = looked.purse, looked[:2]
    newest = max((one.record for one in purse.purchases), default=None)
    if looked.balance_fen + purse.coming_fen < 0:
        yield Finding(*who, Kind.NEGATIVE, 0, 0, looked.balance_fen, newest)
    if not purse.is_open:
        for broken, _ in zip(breaks(looked.chain, explained), range(BREAKS_MAX), strict=False):
            if _may_be_late(broken):
                continue
            yield Finding(*who, Kind.CHAIN, *broken, _record_of(purse, broken))
    if looked.lost and looked.spent:
        total = sum(one.said.amount_fen for one in looked.spent)
        yield Finding(*who, Kind.LOST, looked.lost.deed, 0, total, max(one.record for one in looked.spent))


def _record_of(purse: Purse, broken: Break) -> int | None:
    marks = {mark_of(CounterKind.OFFLINE, one.said.counter): one.record for one in purse.purchases}
    return marks.get(broken.mark)


def _may_be_late(broken: Break) -> bool:
    """A load read less than expected: a purchase before it may be on its way, and no load says the offline counter."""
    is_load = broken.mark >= mark_of(CounterKind.ONLINE, 0)
    return is_load and broken.read_fen < broken.expected_fen


def _is_settled(db: Database, looked: _Looked, found: Finding) -> bool:
    """Is it certain that this is no difference any more? It does not show now."""
    match found.kind:
        case Kind.NEGATIVE:
            return _is_whole_and_true(db, looked)
        case Kind.CHAIN:
            is_judged = not looked.purse.is_open and found.mark in _judged(looked.chain)
            return is_judged or _is_whole_and_true(db, looked)  # it may lie before the newest steps by now
        case Kind.LOST:
            return looked.lost is None or looked.lost.deed != found.mark


def _is_whole_and_true(db: Database, looked: _Looked) -> bool:
    """Nothing is missing from the first step on, and every balance follows: it was only that something came late."""
    purse = whole_purse(db, looked[:2])
    chain = _chain(looked.opening_fen, purse)
    return not (purse.is_open or chain.has_gap) and next(breaks(chain), None) is None


def _judged(chain: Chain) -> set[int]:
    """Marks of the steps that had to fit something before them."""
    spent, loaded = (steps[chain.has_gap :] for steps in (chain.purchases, chain.loads))
    spent_marks = {mark_of(CounterKind.OFFLINE, step.counter) for step in spent}
    return spent_marks | {mark_of(CounterKind.ONLINE, step.counter) for step in loaded}


def _told(writing: Writing, looked: _Looked, found: Finding) -> FactRow:
    word, now_ms = _WORDS[looked.application], writing.now.unix_ms
    match found.kind:
        case Kind.NEGATIVE:
            return row_of(PurseNegative(looked.label, word, found.read_fen), now_ms)
        case Kind.CHAIN:
            counter = found.mark & 0xFFFF
            told = BalanceChainBroken(looked.label, word, found.expected_fen, found.read_fen, counter)
            return row_of(told, now_ms)
        case Kind.LOST:
            newest = max(looked.spent, key=lambda one: one.record)
            device, name, place = place_of(writing.db, newest.record)
            fen = newest.said.amount_fen
            return row_of(LostCardSpent(looked.label, word, name, place, fen, found.read_fen), now_ms, device=device)
