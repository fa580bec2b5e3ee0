"""Which findings put a card on the hotlist by themselves: a policy that persons set, and by which no card is listed
until they do.

A card is listed as long as it has an open difference of such a kind that nobody has explained: to explain it takes the
card off again, and so does what was late and has come.
"""

from collections.abc import Collection, Iterable

from cloud.ledger.cards.listing import Why, list_card, unlist_card
from cloud.ledger.findings.rows import Kind, State
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.facts.desks import Hotlisted, HotlistPolicy, Unlisted

LISTING = frozenset({Kind.NEGATIVE, Kind.CHAIN})
"""Kinds that may; what a lost card spends is listed already."""
_META = "hotlist_findings"
_OPEN = (
    "SELECT d.kind, d.card FROM difference d LEFT JOIN explanation e ON e.difference = d.id "  # noqa: S608  # our number
    f"WHERE e.who IS NULL AND d.state = {int(State.OPEN)}"
)


def policy(db: Database) -> frozenset[Kind]:
    """The kinds that list a card. Inside of a transaction."""
    rows = db.run("SELECT value FROM meta WHERE name = ?", (_META,))
    return frozenset(Kind(int(one)) for one in rows[0][0].split()) if rows else frozenset()


def set_policy(writing: Writing, kinds: Collection[Kind], who: str) -> bool:
    """From now on, and for what is open now. False: it was so before."""
    chosen = LISTING & frozenset(kinds)
    if chosen == policy(writing.db):
        return False
    value = " ".join(str(int(kind)) for kind in sorted(chosen))
    writing.db.upsert("meta", "name, value", "name", [(_META, value)])
    writing.booking.link(BookLinkKind.HOTLIST, 0, digest_of((_META, value, who, writing.now.unix_ms)))
    writing.notes.tell(HotlistPolicy(word_of_kinds(chosen), who))
    listed = writing.db.run("SELECT card FROM hotlisted WHERE reason = ?", (int(Why.FINDING),))
    follow(writing, {bytes(card) for (card,) in listed} | {bytes(card) for _, card in writing.db.run(_OPEN)})
    return True


def word_of_kinds(kinds: Collection[Kind]) -> str:
    """A word of shared.facts.terms.FINDINGS."""
    if len(kinds) == len(LISTING):
        return "all"
    return next((kind.name.lower() for kind in kinds), "none")


def follow(writing: Writing, cards: Iterable[bytes]) -> None:
    """List those of these cards that the policy lists, and take the others off."""
    asked, kinds = sorted(set(cards)), policy(writing.db)
    due = {bytes(card) for kind, card in writing.db.find(f"{_OPEN} AND d.card", asked) if Kind(kind) in kinds}
    for card in asked:
        if card in due and list_card(writing, card, Why.FINDING):
            writing.notes.tell(Hotlisted(card))
        if card not in due and unlist_card(writing, card, Why.FINDING):
            writing.notes.tell(Unlisted(card))
