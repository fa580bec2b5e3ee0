"""Refunds 渠道退款, two persons: a deposit, a part of it, or unclear money goes back to where it came from.

Confirmed, the money is taken aside in the same transaction, and the process of providers asks for it: the rest is
funds.providers.refunding.
"""

from typing import NamedTuple

from cloud.ledger.funds.providers.items import items
from cloud.ledger.funds.providers.orders import order_of
from cloud.ledger.funds.providers.refunding import REASON_MAX, refund_deposit, refund_item, require_refundable
from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.readers import REFUNDS
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import DepositRefused, Now
from cloud.store.db import Database
from shared.wire import codec
from shared.words.voice import Text


class Offer(NamedTuple):
    """order: the deposit's number. item: whose unclear money goes back; 0: the card's, `fen` of it."""

    order: str
    item: int
    fen: int


class RefundLedger:
    """Over an opened ledger; belongs to one thread at a time. Each call is one transaction. ProposalRefused."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened

    def propose(self, order: str, fen: int, who: str, reason: str, now: Now) -> Proposal:
        """So much of this deposit, out of the account that has it."""
        with self._opened.writing(now) as writing:
            return offer_refund(writing, order, fen, who, reason)

    def propose_item(self, item: int, who: str, reason: str, now: Now) -> Proposal:
        """All that waits in 渠道待查款 because of this item."""
        with self._opened.writing(now) as writing:
            found = next((one for one in items(writing.db, only_open=True) if one.ident == item), None)
            if found is None or not found.unclear_fen or order_of(writing.db, found.number) is None:
                raise ProposalRefused(Text("没有此差错，或无可退之款", "no such item, or nothing of it can go back"))
            return _propose(writing, Offer(found.number, item, found.unclear_fen), who, reason)

    def confirm(self, number: int, who: str, now: Now) -> Decided:
        """The second person's word: the money is taken aside when this returns. Idempotent."""
        with self._opened.writing(now) as writing:
            decided = two_persons.confirm(writing, _offered(writing, number).number, who)
            if not decided.again:
                _do(writing, decided.proposal)
            return decided

    def reject(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """All stays. Idempotent."""
        with self._opened.writing(now) as writing:
            return two_persons.reject(writing, _offered(writing, number).number, who, reason)


def offer_refund(writing: Writing, order: str, fen: int, who: str, reason: str) -> Proposal:
    """Inside of a transaction: the first person's word. ProposalRefused."""
    try:
        require_refundable(writing.db, order_of(writing.db, order), fen)
    except DepositRefused as fault:
        raise ProposalRefused(fault.args[0]) from fault
    return _propose(writing, Offer(order, 0, fen), who, reason)


def offers_waiting(db: Database, now_ms: int) -> list[tuple[Offer, Proposal]]:
    """Those that wait for a second person."""
    found = two_persons.waiting(db, now_ms)
    return [(read_offer(one.document), one) for one in found if one.kind is ProposalKind.REFUND]


def _propose(writing: Writing, offer: Offer, who: str, reason: str) -> Proposal:
    document = codec.dumps(list(offer))
    known = two_persons.said_before(writing, ProposalKind.REFUND, document, who)
    if known is not None:
        return known
    for other, proposal in offers_waiting(writing.db, writing.now.unix_ms):
        if _is_about(other, offer):
            raise ProposalRefused(Text(f"提议 {proposal.number} 已在等待", f"proposal {proposal.number} waits already"))
    writing.booking.need(REFUNDS)
    return two_persons.propose(writing, ProposalKind.REFUND, document, who, reason)


def read_offer(document: bytes) -> Offer:
    """WireFault for a document that is none."""
    return Offer(*codec.fields(codec.loads(document), str, int, int, what="refund"))


def _is_about(one: Offer, other: Offer) -> bool:
    """One word on an order, or an item, at a time."""
    return (one.order, one.item) == (other.order, other.item)


def _do(writing: Writing, proposal: Proposal) -> None:
    offer, why = read_offer(proposal.document), proposal.reason[:REASON_MAX]
    try:
        if not offer.item:
            refund_deposit(writing, offer.order, offer.fen, why, proposal.number)
            return
        found = next((one for one in items(writing.db, only_open=True) if one.ident == offer.item), None)
        if found is None or found.unclear_fen != offer.fen:
            raise ProposalRefused(Text(f"没有未了的差错 {offer.item}", f"no open item {offer.item}"))
        refund_item(writing, found, why, proposal.number)
    except DepositRefused as fault:
        raise ProposalRefused(fault.args[0]) from fault


def _offered(writing: Writing, number: int) -> Proposal:
    found = two_persons.proposal(writing.db, number)
    if found.kind is not ProposalKind.REFUND:
        raise ProposalRefused(Text(f"提议 {number} 与退款无关", f"proposal {number} is not about a refund"))
    return found
