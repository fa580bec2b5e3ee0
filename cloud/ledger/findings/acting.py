"""Finds copied cards, replays, counters that went back or jumped, follows what differs, and acts by policy.

With the look, never in the posting: bounded work, up to a watermark of quarantined records. A finding has its record.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from cloud.ledger.cards.listing import Why, list_card
from cloud.ledger.findings import found
from cloud.ledger.findings.closing import apart_of
from cloud.ledger.findings.found import CAPS, REFUSES, CardFinding, Seen, Standing, What
from cloud.ledger.findings.purses import Held, Whose, newest_of_purses, place_of
from cloud.ledger.findings.rows import Kind, of_cards
from cloud.ledger.fleet.owing import fleet, owing
from cloud.ledger.held.losses.spent import PURSES
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.arrival import Arrival, arrive
from cloud.ledger.records.judge import Reason
from cloud.store.db import Database
from shared.facts.books import CardCapped, CardCounterBack
from shared.facts.desks import Hotlisted
from shared.records import CounterKind, application_of
from shared.records.kinds import PurseRecord

QUARANTINE_MAX = 256
"""Quarantined records of a look."""
JUMP_AFTER_MS = 60_000
"""A hole is no finding sooner: what fills it may be on its way."""
_OF = {Kind.NEGATIVE: What.OVERDRAFT, Kind.CHAIN: What.CHAIN, Kind.LOST: What.LOST}
_WORDS = ("main", "subsidy")
_TAKEN = (int(Reason.CARD_KEY_TAKEN), int(Reason.TTN_TAKEN))


def look_for_copies(writing: Writing) -> bool:
    """Genuine records that stand beside another one of the same counter, or number. Is there more to look at?"""
    db = writing.db
    ((low,),) = db.run("SELECT value FROM watermark WHERE name = 'findings-quarantine'")
    rows = db.run(
        "SELECT q.record, q.reason, r.stored FROM quarantine q JOIN record r ON r.id = q.record WHERE q.record > ? "
        "ORDER BY q.record LIMIT ?",
        (low, QUARANTINE_MAX),
    )
    for record, reason, stored in rows:
        if reason in _TAKEN:
            _copied(writing, record, Reason(reason), arrive(bytes(stored)))
    if rows:
        db.run("UPDATE watermark SET value = ? WHERE name = 'findings-quarantine'", (rows[-1][0],))
    return len(rows) == QUARANTINE_MAX


def _copied(writing: Writing, record: int, reason: Reason, a: Arrival) -> None:
    said = a.record
    if not isinstance(said, PurseRecord) or bytes(said.card) not in writing.registry.cards:
        return
    beside = _beside(writing.db, reason, a)
    if beside is None:
        return
    ((stored,),) = writing.db.run("SELECT stored FROM record WHERE id = ?", (beside,))
    is_clone = reason is Reason.CARD_KEY_TAKEN and arrive(bytes(stored)).item != a.item
    what = What.CLONE if is_clone else What.REPLAY
    _find(writing, Seen(bytes(said.card), application_of(said.purse), what, record, record, beside))


def _beside(db: Database, reason: Reason, a: Arrival) -> int | None:
    if reason is Reason.CARD_KEY_TAKEN:
        rows = db.run("SELECT record FROM proof WHERE card_key = ?", (a.card_key,))
    else:
        rows = db.run("SELECT record FROM proof WHERE slot = ? AND claim = ?", (a.slot, a.claim))
    return int(rows[0][0]) if rows else None


def look_for_back(writing: Writing, purses: Mapping[Whose, Sequence[Held]]) -> None:
    """At one terminal, in one epoch, what was written later has the lower counter."""
    shown = [(whose, a, b) for whose, held in purses.items() for a, b in _back(held)]
    if not shown:
        return
    known = {(one.seen.what, one.seen.mark) for one in found.of_cards(writing.db, sorted({w[0] for w, _, _ in shown}))}
    for (card, application), before, after in shown:
        if (What.BACK, after.record) in known:
            continue
        _find(writing, Seen(card, application, What.BACK, after.record, after.record, before.record))
        device, name, place = place_of(writing.db, after.record)
        label, counters = writing.registry.cards[card].label, (before.said.counter, after.said.counter)
        writing.notes.tell(CardCounterBack(label, _WORDS[application], name, place, *counters), device=device)


def _back(held: Sequence[Held]) -> list[tuple[Held, Held]]:
    """held: by counter. At one terminal, what has the lower counter was written later: (before, after)."""
    newest: dict[bytes, Held] = {}
    found = []
    for one in held:
        lower = newest.get(one.sender)
        if lower is not None and one.said.seq < lower.said.seq:
            found.append((one, lower))
        if one.sender:
            newest[one.sender] = one
    return found


def look_for_jumps(writing: Writing, cards: Sequence[bytes]) -> None:
    """Holes of these cards that no terminal can fill any more: each was heard since, and owes nothing."""
    db, now_ms = writing.db, writing.now.unix_ms
    waiting = [one for one in apart_of(db, cards) if one.missing and now_ms - one.since_ms >= JUMP_AFTER_MS]
    if not waiting:
        return
    there, purses = fleet(db), newest_of_purses(db, [one.whose for one in waiting])
    for one in waiting:
        purse = purses[one.whose]
        if purse.is_open or owing(there, one.since_ms):
            continue
        known = {f.seen.mark for f in found.of_cards(db, [one.whose[0]]) if f.seen.what is What.JUMPED}
        for before, after in pairwise(purse.purchases):
            gone = before.said.counter + 1
            if after.said.counter > gone and gone not in known:
                _find(writing, Seen(*one.whose, What.JUMPED, gone, after.record, before.record))


def follow_differences(writing: Writing, cards: Sequence[bytes]) -> None:
    """A difference that waits for somebody is a finding; one that is gone, or explained, is over. cards: some that
    have a difference, or that anything was ever found of; of any other nothing is done."""
    known = found.of_cards(writing.db, cards)
    there = of_cards(writing.db, cards)
    of_them = (one for one in known if one.seen.what in _OF.values() and one.standing is not Standing.OVER)
    acting = {one.seen.mark: one for one in of_them}
    for difference in there:
        mine = acting.get(difference.number)
        if difference.is_unexplained and mine is None:
            what = difference.found
            _find(writing, Seen(what.card, what.application, _OF[what.kind], difference.number, what.record))
        elif not difference.is_unexplained and mine is not None and mine.standing is not Standing.UNDONE:
            _over(writing, mine)
    for one in known:
        if one.seen.what is What.JUMPED and one.standing in _MAY_END and _has_come(writing.db, one):
            _over(writing, one)


_MAY_END = (Standing.OPEN, Standing.LAPSED, Standing.CONFIRMED)


def _has_come(db: Database, one: CardFinding) -> bool:
    purse = bytes((PURSES[one.seen.application], CounterKind.OFFLINE))
    key = one.seen.card + purse + one.seen.mark.to_bytes(2, "big")
    return bool(db.run("SELECT 1 FROM proof WHERE card_key = ?", (key,)))


def _over(writing: Writing, one: CardFinding) -> None:
    found.move(writing, one, Standing.OVER)
    if one.acts:
        found.tell_uncapped(writing, one)


def _find(writing: Writing, seen: Seen) -> None:
    """A row, and what follows by policy."""
    made = found.add(writing, seen)
    if seen.what in REFUSES and list_card(writing, seen.card, Why.CLONE):
        writing.notes.tell(Hotlisted(seen.card))
    if seen.what in CAPS:
        writing.notes.tell(CardCapped(made.label, made.number, seen.what.name.lower()))
