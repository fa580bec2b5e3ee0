"""What becomes of held 待核 entries: released 放行 to their merchant, or returned 退还 to the holder, by two persons.

The first person names the entries; the second confirms exactly these, all or none, and only then new entries move their
sums, each once. Rejected, they stay held. Nothing that was posted is edited.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.keys import release_key
from cloud.ledger.books.posting import Postings, released, returned
from cloud.ledger.funds.successors import home_of
from cloud.ledger.held import two_persons
from cloud.ledger.held.entries import Held, held_among
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.registry import Registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.errors import WireFault
from shared.facts.desks import HeldProposed, HeldRejected, HeldReleased, HeldReturned
from shared.wire import codec
from shared.words.voice import Text

ENTRIES_MAX = 5000
"""Of one proposal, which is one transaction; more are proposed in parts."""
RELEASE_COLUMNS = "held, entry, proposal, kind, fen"


class Side(StrEnum):
    """Who gets the sum. Frozen texts: they stand in documents."""

    MERCHANT = "merchant"
    HOLDER = "holder"


KIND_OF = {Side.MERCHANT: EntryKind.HELD_RELEASED, Side.HOLDER: EntryKind.HELD_RETURNED}
RELEASE_KINDS = frozenset(KIND_OF.values())


class Offer(NamedTuple):
    """What a proposal's document says: whose, over how much, and which entries."""

    side: Side
    fen: int
    entries: tuple[int, ...]

    def to_bytes(self) -> bytes:
        return codec.dumps([str(self.side), self.fen, list(self.entries)])


class Paper(NamedTuple):
    """What the document of a release's entry says: who has two names on it, and which card's holder is meant."""

    held: int
    card: bytes
    fen: int
    proposal: int
    maker: str
    checker: str

    def to_bytes(self, kind: EntryKind) -> bytes:
        return codec.dumps([int(kind), *self])


def read_offer(document: bytes) -> Offer:
    """WireFault for a document that is none."""
    side, fen, entries = codec.fields(codec.loads(document), str, int, list, what="offer")
    if side not in list(Side) or not all(type(entry) is int for entry in entries):
        raise WireFault("offer: malformed")
    return Offer(Side(side), fen, tuple(entries))


def read_paper(document: bytes) -> tuple[EntryKind, Paper]:
    """WireFault for a document that is none."""
    kind, *fields = codec.fields(codec.loads(document), int, int, bytes, int, int, str, str, what="paper")
    if kind not in RELEASE_KINDS:
        raise WireFault("paper: another kind")
    return EntryKind(kind), Paper(*fields)


def propose_release(writing: Writing, side: Side, entries: Sequence[int], who: str, reason: str) -> Proposal:
    """Inside of a transaction. ProposalRefused when one of them does not wait, or waits for somebody's word already.

    The same by the same person again is his first word, and changes nothing."""
    wanted = tuple(sorted(set(entries)))
    if not 0 < len(wanted) <= ENTRIES_MAX:
        raise ProposalRefused(
            Text(
                f"待核分录应为 1..{ENTRIES_MAX} 笔，现有 {len(wanted)}",
                f"1..{ENTRIES_MAX} held entries, here {len(wanted)}",
            )
        )
    held = _require_held(writing.db, wanted)
    for one in held:
        _require_side(writing.registry, side, one)
    offer = Offer(side, sum(one.fen for one in held), wanted)
    if before := two_persons.said_before(writing, ProposalKind.HELD, offer.to_bytes(), who):
        return before
    _require_undisputed(writing, set(wanted))
    made = two_persons.propose(writing, ProposalKind.HELD, offer.to_bytes(), who, reason)
    told = HeldProposed(made.number, len(held), offer.fen, side, made.maker, made.reason)
    writing.notes.tell(told)
    return made


def confirm_release(writing: Writing, number: int, who: str) -> Decided:
    """Inside of a transaction. All entries of the proposal, or none. ProposalRefused."""
    decided = two_persons.confirm(writing, _offered(writing, number).number, who)
    if decided.again:
        return decided
    offer = read_offer(decided.proposal.document)
    _post(writing, decided, offer.side, _require_held(writing.db, offer.entries))
    kind = HeldReleased if offer.side is Side.MERCHANT else HeldReturned
    writing.notes.tell(kind(*_what(decided.proposal, offer), *_who(decided.proposal)))
    return decided


def reject_release(writing: Writing, number: int, who: str, reason: str) -> Decided:
    """Inside of a transaction. What is held stays held. ProposalRefused."""
    decided = two_persons.reject(writing, _offered(writing, number).number, who, reason)
    if not decided.again:
        offer = read_offer(decided.proposal.document)
        writing.notes.tell(HeldRejected(*_what(decided.proposal, offer), offer.side, *_who(decided.proposal)))
    return decided


def release_postings(
    registry: Registry, merchants: Mapping[int, int], kind: EntryKind, paper: Paper, account: int, purse: int
) -> Postings:
    """What the paper means for a sum in this held account, which that purse paid; KeyError for an account or a card
    that is none."""
    if kind is EntryKind.HELD_RELEASED:
        return released(account, merchants[account], paper.fen)
    return returned(registry.cards[paper.card].accounts, purse, account, paper.fen)


def merchants_of(registry: Registry) -> dict[int, int]:
    """Held account → its merchant's. What an unknown body has brought is nobody's yet."""
    return {body.held_account: body.merchant_account for body in registry.devices.values()}


def _offered(writing: Writing, number: int) -> Proposal:
    found = two_persons.proposal(writing.db, number)
    if found.kind is not ProposalKind.HELD:
        raise ProposalRefused(Text(f"提议 {number} 不是待核处理", f"proposal {number} is not about held entries"))
    return found


def _require_held(db: Database, entries: Sequence[int]) -> list[Held]:
    held = held_among(db, entries)
    missing = sorted(set(entries) - {one.entry for one in held})
    if missing:
        raise ProposalRefused(Text(f"分录 {missing[0]} 不在待核", f"entry {missing[0]} is not held (any more)"))
    return held


def _require_side(registry: Registry, side: Side, one: Held) -> None:
    if side is Side.MERCHANT and one.account not in merchants_of(registry):
        raise ProposalRefused(
            Text(
                f"分录 {one.entry}：终端未登记，不知归谁，只能退还",
                f"entry {one.entry}: its terminal is in no inventory, so nobody's yet: it can only be returned",
            )
        )


def _require_undisputed(writing: Writing, entries: set[int]) -> None:
    for other in two_persons.waiting(writing.db, writing.now.unix_ms):
        if other.kind is ProposalKind.HELD and entries & set(read_offer(other.document).entries):
            raise ProposalRefused(
                Text(
                    f"与提议 {other.number} 重叠，先办结它",
                    f"proposal {other.number} names some of them: decide it first",
                )
            )


def _post(writing: Writing, decided: Decided, side: Side, held: Sequence[Held]) -> None:
    """An entry for each, and what is known of it."""
    proposal, kind, merchants = decided.proposal, KIND_OF[side], merchants_of(writing.registry)
    checker = "" if proposal.decision is None else proposal.decision.checker
    holders = _holders(writing.db, held)
    rows = []
    for one in held:
        paper = Paper(one.entry, holders[one.entry], one.fen, proposal.number, proposal.maker, checker)
        document = paper.to_bytes(kind)
        entry = Entry(
            kind, day_number(writing.now.campus_s), release_key(one.entry), document_hash(document),
            release_postings(writing.registry, merchants, kind, paper, one.account, one.purse), document=document,
        )  # fmt: skip
        number = writing.booking.add_entry(entry, OWN_PARTITION)
        rows.append((one.entry, number, proposal.number, int(kind), one.fen))
    writing.db.insert("held_release", RELEASE_COLUMNS, rows)


def _holders(db: Database, held: Sequence[Held]) -> dict[int, bytes]:
    """Entry → the card whose holder paid, or the one that has taken its place."""
    cards = {one.entry: one.arrival.record.card for one in held if one.arrival.record is not None}
    lives = db.find("SELECT card, successor FROM card_life WHERE card", list(dict.fromkeys(cards.values())))
    moved = {card: home_of(db, card) for card, successor in lives if successor is not None}
    return {entry: moved.get(card, card) for entry, card in cards.items()}


def _what(proposal: Proposal, offer: Offer) -> tuple[int, int, int]:
    return proposal.number, len(offer.entries), offer.fen


def _who(proposal: Proposal) -> tuple[str, str]:
    return proposal.maker, proposal.decision.checker if proposal.decision is not None else ""
