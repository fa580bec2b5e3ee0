"""Deposits through providers at a card desk: what a card got, what may go back, how it stands; and a first word on it.

A refund goes back to its payer by its provider, never in cash: the desk proposes, somebody else confirms elsewhere, and
only then the account has it no more (funds.providers.refunding).
"""

from typing import NamedTuple

from cloud.ledger.cards.refusals import KEY_USED, UNKNOWN_CARD, DeskRefused
from cloud.ledger.funds.providers.orders import order_of, orders_of
from cloud.ledger.funds.providers.refunding import refundable_fen
from cloud.ledger.funds.providers.refunds import refunds_of
from cloud.ledger.funds.providers.terms import DepositOrder, DepositRefund
from cloud.ledger.funds.successors import former_cards, home_of
from cloud.ledger.held.deposits.refunds import Offer, offer_refund, offers_waiting
from cloud.ledger.held.two_persons import Proposal, ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.wire.desk.calls import No
from shared.words.voice import Text, told_by

LISTED = 10
"""Deposits of a card, the newest."""
LOOKED = 50
"""Orders of a card among which they are: most were never paid."""
NOT_ITS = No.of("not-its-deposit", Text("该卡没有这笔渠道充值", "this card has no such deposit"))


class Waiting(NamedTuple):
    """A refund that another person has to confirm."""

    proposal: int
    fen: int
    reason: str


class CardDeposit(NamedTuple):
    """may_fen: what may still be proposed of it; waiting: what is."""

    order: DepositOrder
    may_fen: int
    refunds: tuple[DepositRefund, ...]
    waiting: tuple[Waiting, ...]


class DepositDesk:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened

    def listed(self, card: bytes, now: Now) -> list[CardDeposit]:
        """The newest first, of the card and of those in whose place it is. DeskRefused."""
        db = self._opened.database
        with db.reading():
            if not db.run("SELECT 1 FROM card WHERE card = ?", (card,)):
                raise DeskRefused(UNKNOWN_CARD)
            every = [order for one in former_cards(db, card) for order in orders_of(db, one, LOOKED) if order.txn]
            every.sort(key=lambda order: -order.made_ms)
            waiting = offers_waiting(db, now.unix_ms)
            return [_seen(db, order, waiting) for order in every[:LISTED]]

    def propose(
        self, key: bytes, cashier: str, card: bytes, number: str, fen: int, reason: str, now: Now
    ) -> int:  # fmt: skip
        """The first person's word, once under this key: the proposal's number. DeskRefused."""
        with self._opened.writing(now) as writing:
            known = writing.db.run(
                "SELECT cashier, order_number, fen, proposal FROM deposit_desk WHERE key = ?", (key,)
            )
            if known and tuple(known[0][:3]) != (cashier, number, fen):
                raise DeskRefused(KEY_USED)
            if known:
                return int(known[0][3])
            order = order_of(writing.db, number)
            if order is None or home_of(writing.db, order.card) != card:
                raise DeskRefused(NOT_ITS)
            try:
                made = offer_refund(writing, number, fen, cashier, reason)
            except ProposalRefused as fault:
                why = told_by(fault, Text("提议被拒", "the proposal was refused"))
                raise DeskRefused(No.of("refund-refused", why)) from fault
            row = (key, cashier, number, fen, made.number)
            writing.db.insert("deposit_desk", "key, cashier, order_number, fen, proposal", [row])
            return made.number


def _seen(db: Database, order: DepositOrder, waiting: list[tuple[Offer, Proposal]]) -> CardDeposit:
    own = tuple(
        Waiting(proposal.number, offer.fen, proposal.reason)
        for offer, proposal in waiting if offer.order == order.number and not offer.item
    )  # fmt: skip
    return CardDeposit(order, refundable_fen(db, order), tuple(refunds_of(db, order.number)), own)
