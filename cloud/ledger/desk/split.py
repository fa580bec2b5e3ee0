"""The doors of the split 账户分割: a person sets what is loaded by rule, a holder orders what is to come onto his card.

One transaction each. The wallet's seam is two functions: SplitReader.split (read/shown/split.py) says what may be moved
now and why not, `order` orders it; whoever calls it has made sure that he is the holder.
"""

from cloud.ledger.books.chart import Side
from cloud.ledger.desk.replacing import card_of
from cloud.ledger.held.two_persons import REASON_MAX, person
from cloud.ledger.journal.balances import balance
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.loads.split.due import holding
from cloud.ledger.loads.split.moving import Quota, orderable
from cloud.ledger.loads.split.orders import Order, keep_order
from cloud.ledger.loads.split.rules import Rule, set_of_card, set_of_class
from cloud.ledger.records.values import Now


class SplitLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened

    def set_of_class(self, card_class: int, quota: Quota, who: str, reason: str, now: Now) -> Rule:
        """Counts from its commit on. RuleRefused, ProposalRefused: nothing was changed."""
        with self._opened.writing(now) as writing:
            return set_of_class(writing, card_class, quota, person(who), _plain(reason))

    def set_of_card(self, label: str, quota: Quota, who: str, reason: str, now: Now) -> Rule:
        """As set_of_class, of one card; DeskRefused: there is none."""
        with self._opened.writing(now) as writing:
            return set_of_card(writing, card_of(writing.db, label), quota, person(who), _plain(reason))

    def order(self, key: str, label: str, fen: int, who: str, now: Now) -> Order:
        """So much onto the card at its next tap on line; 0 calls off what was ordered. OrderRefused, DeskRefused:
        nothing was changed. The same key again is the same order."""
        with self._opened.writing(now) as writing:
            card = card_of(writing.db, label)
            accounts, is_barred = writing.registry.cards[card].accounts, writing.registry.cards[card].hotlisted
            purse_fen = balance(writing.db, accounts.purse, Side.CREDIT)
            has = holding(writing.db, card, accounts, purse_fen, now)._replace(is_barred=is_barred)
            return keep_order(writing, key, card, fen, person(who), orderable(has))


def _plain(reason: str) -> str:
    return " ".join(reason.split())[:REASON_MAX]
