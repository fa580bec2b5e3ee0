"""A listed card 黑名单卡 has paid after it was listed: told once for each record, beside the posting, never in it.

Of a card that was reported lost, or replaced after that, more is told elsewhere (Kind.LOST, LossBorne). What a terminal
took before it was listed, by the record's own time, is nobody's matter.
"""

from collections.abc import Iterator

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.cards.listing import Why, reasons_of
from cloud.ledger.findings.purses import place_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.arrival import arrive
from cloud.store.db import Database
from shared.facts.books import ListedCardSpent
from shared.records.kinds import PurseRecord

_TOLD_ELSEWHERE = frozenset({Why.LOST, Why.REPLACED})


def tell_of_use(writing: Writing, low: int, high: int) -> None:
    """Of the purchases of these entries. Inside of a transaction."""
    db, now = writing.db, writing.now
    if not db.run("SELECT 1 FROM hotlisted LIMIT 1"):
        return
    found = dict(_purchases(db, low, high))
    since = _listed_since(db, {bytes(one.card) for one in found.values()})
    for record, said in found.items():
        listed_ms = since.get(bytes(said.card))
        if listed_ms is None or said.time <= now.campus_s - (now.unix_ms - listed_ms) // 1000:
            continue
        device, name, place = place_of(db, record)
        label = writing.registry.cards[bytes(said.card)].label
        writing.notes.tell(ListedCardSpent(label, name, place, said.amount_fen), device=device)


def _purchases(db: Database, low: int, high: int) -> Iterator[tuple[int, PurseRecord]]:
    rows = db.run(
        "SELECT r.id, r.stored FROM posting p JOIN record r ON r.id = p.record "
        "WHERE p.entry > ? AND p.entry <= ? AND p.line = 0 AND p.kind = ?",
        (low, high, int(EntryKind.PURCHASE)),
    )
    for record, stored in rows:
        said = arrive(stored).record
        if isinstance(said, PurseRecord):
            yield record, said


def _listed_since(db: Database, cards: set[bytes]) -> dict[bytes, int]:
    """By card, the first reason; none of those that are told of elsewhere."""
    found: dict[bytes, int] = {}
    elsewhere: set[bytes] = set()
    for one in reasons_of(db, sorted(cards)):
        found.setdefault(one.card, one.since_ms)
        if one.why in _TOLD_ELSEWHERE:
            elsewhere.add(one.card)
    return {card: since for card, since in found.items() if card not in elsewhere}
