"""Items of providers' bills 渠道差错, two persons: unclear money becomes a card's, or what was found out is kept.

What the school gives back, it gives back at the provider; the next bill books that by itself.
"""

from typing import NamedTuple

from cloud.ledger.funds.providers.items import Item, items
from cloud.ledger.funds.providers.posting import assign
from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import DepositRefused, Now
from shared.wire import codec
from shared.words.voice import Text


class Offer(NamedTuple):
    """card: who gets what is unclear; empty: nobody, the reason says what was found out."""

    item: int
    card: bytes
    fen: int


class DepositItemsLedger:
    """Over an opened ledger; belongs to one thread at a time. Each call is one transaction. ProposalRefused."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened

    def propose(self, item: int, card: bytes, who: str, reason: str, now: Now) -> Proposal:
        """All that waits because of it, to this card, or to nobody."""
        with self._opened.writing(now) as writing:
            found = _open_item(writing, item)
            if card and (not found.unclear_fen or writing.accounts(card) is None):
                raise ProposalRefused(Text("此差错无待查款，或没有这张卡", "nothing of it is unclear, or no such card"))
            offer = Offer(item, card, found.unclear_fen if card else 0)
            document = codec.dumps(list(offer))
            for other in two_persons.waiting(writing.db, writing.now.unix_ms):
                if other.kind is ProposalKind.DEPOSIT and read_offer(other.document).item == item:
                    raise ProposalRefused(
                        Text(f"提议 {other.number} 已在等待", f"proposal {other.number} waits already")
                    )
            return two_persons.propose(writing, ProposalKind.DEPOSIT, document, who, reason)

    def confirm(self, number: int, who: str, now: Now) -> Decided:
        """The second person's word: posted and closed when this returns. Idempotent."""
        with self._opened.writing(now) as writing:
            decided = two_persons.confirm(writing, _offered(writing, number).number, who)
            if not decided.again:
                self._do(writing, read_offer(decided.proposal.document), number)
            return decided

    def reject(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """It stays open. Idempotent."""
        with self._opened.writing(now) as writing:
            return two_persons.reject(writing, _offered(writing, number).number, who, reason)

    def _do(self, writing: Writing, offer: Offer, proposal: int) -> None:
        found = _open_item(writing, offer.item)
        if offer.card and found.unclear_fen != offer.fen:
            raise ProposalRefused(
                Text(f"差错 {offer.item} 的待查款已变", f"what is unclear of item {offer.item} is another sum by now")
            )
        writing.db.insert("deposit_item_close", "item, proposal", [(offer.item, proposal)])
        try:
            if offer.card:
                assign(writing, offer.card, offer.fen, f"item:{offer.item}")
        except DepositRefused as fault:
            raise ProposalRefused(str(fault)) from fault


def read_offer(document: bytes) -> Offer:
    """WireFault for a document that is none."""
    return Offer(*codec.fields(codec.loads(document), int, bytes, int, what="deposit item"))


def _open_item(writing: Writing, ident: int) -> Item:
    found = next((one for one in items(writing.db, only_open=True) if one.ident == ident), None)
    if found is None:
        raise ProposalRefused(Text(f"没有未了的差错 {ident}", f"no open item {ident}"))
    return found


def _offered(writing: Writing, number: int) -> Proposal:
    found = two_persons.proposal(writing.db, number)
    if found.kind is not ProposalKind.DEPOSIT:
        raise ProposalRefused(Text(f"提议 {number} 与渠道无关", f"proposal {number} is not about a provider"))
    return found
