"""Refunds that we ask for, over an opened ledger and its providers: durable first, asked again until it is known.

A refund has one number with its provider, so asking for it again is the same refund. How it stands is asked for before
each ask, and behind each refusal; nothing that was not said, signed, moves the money back.
"""

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cloud.ledger.funds.providers.items import ItemKind, items
from cloud.ledger.funds.providers.orders import order_of
from cloud.ledger.funds.providers.paying import take_refund
from cloud.ledger.funds.providers.refunding import refund_item, take_done, take_refusal, take_silence, take_taken
from cloud.ledger.funds.providers.refunds import due_refunds, keep_refund, refund_of
from cloud.ledger.funds.providers.terms import DepositRefund
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import DepositRefused, Now
from cloud.payments.deposits.days import day_of_payment
from cloud.payments.deposits.judging import BackDeed, BackJudged, after_back, after_back_silence
from cloud.payments.providers.interface import Back, BackSeen, BackStanding, Door, ProviderFault, Refusal

TURN_MAX = 32
"""Refunds that one turn asks for."""
BY_RULE = "taken back by rule"
"""Why, of what no person has asked for."""
log = logging.getLogger(__name__)


class TurnedBack(NamedTuple):
    """What a turn did. ended: through, or refused."""

    asked: int
    ended: int
    unanswered: int


class Refunds:
    """Belongs to one thread. doors: by the provider's name. now: both clocks."""

    def __init__(self, opened: OpenedLedger, doors: Mapping[str, Door], now: Callable[[], Now]) -> None:
        self._opened, self._doors, self._now = opened, doors, now

    def ask_again(self, number: str) -> bool:
        """A person wants to know: due now. False: no such refund, or it has ended."""
        with self._opened.writing(self._now()) as writing:
            refund = refund_of(writing.db, number)
            if refund is None or not refund.is_open:
                return False
            keep_refund(writing.db, refund._replace(due_ms=writing.now.unix_ms))
            return True

    def turn(self) -> TurnedBack:
        """What no rule lets us keep goes back; then what is due is asked for, at most TURN_MAX, each whole."""
        self._reverse()
        now = self._now()
        with self._opened.database.reading():
            due = due_refunds(self._opened.database, now.unix_ms, TURN_MAX)
        ended = unanswered = 0
        for refund in due:
            door = self._doors.get(refund.provider)
            try:
                if door is None:
                    raise ProviderFault("this provider is not configured any more")
                ended += self._one(door, refund)
            except ProviderFault as fault:
                log.warning("%s %s: %s", refund.provider, refund.number, fault)
                self._next(refund.number, None, None)
                unanswered += 1
        return TurnedBack(len(due), ended, unanswered)

    # --- one refund -----------------------------------------------------------------------------------------------

    def _one(self, door: Door, refund: DepositRefund) -> int:
        """1: it has ended."""
        refusal: Refusal | None = None
        seen = door.refunded(refund.order, refund.number)
        if seen.standing is BackStanding.NOWHERE:
            refusal = door.refund(self._back(refund))
            if refusal is None:
                with self._opened.writing(self._now()) as writing:
                    take_taken(writing, refund_of(writing.db, refund.number) or refund)
            seen = door.refunded(refund.order, refund.number)
        return self._next(refund.number, seen, refusal)

    def _back(self, refund: DepositRefund) -> Back:
        with self._opened.database.reading():
            order = order_of(self._opened.database, refund.order)
            found = items(self._opened.database) if refund.item else []
        total = next((one.bill_fen for one in found if one.ident == refund.item), 0)
        if order is not None and order.txn == refund.txn:
            total = order.paid_fen
        return Back(refund.order, refund.txn, refund.number, refund.fen, total, refund.reason)

    def _next(self, number: str, seen: BackSeen | None, refusal: Refusal | None) -> int:
        """seen None: nobody answered. Looks at the refund anew: a bill may have moved it on meanwhile."""
        with self._opened.writing(self._now()) as writing:
            refund = refund_of(writing.db, number)
            if refund is None or not refund.is_open:
                return 0
            now_ms = writing.now.unix_ms
            judged = after_back_silence(refund, now_ms) if seen is None else after_back(refund, seen, refusal, now_ms)
            return self._do(writing, refund, seen, judged)

    def _do(self, writing: Writing, refund: DepositRefund, seen: BackSeen | None, judged: BackJudged) -> int:
        if judged.deed is BackDeed.DONE and seen is not None:
            self._through(writing, refund, seen)
            return 1
        if judged.deed is BackDeed.REFUSED:
            take_refusal(writing, refund, judged.why)
            return 1
        if judged.deed is BackDeed.PERSON:
            take_silence(writing, refund)
            return 0
        keep_refund(writing.db, refund._replace(due_ms=judged.due_ms, tries=refund.tries + 1))
        return 0

    def _through(self, writing: Writing, refund: DepositRefund, seen: BackSeen) -> None:
        """Over another sum than was asked for it is the provider's own refund, which we book as it is."""
        day = day_of_payment(seen.paid_s, writing.now.unix_ms // 1000)
        if take_done(writing, refund, seen.fen, day, by_bill=False):
            return
        take_refusal(writing, refund, "another sum")
        order = order_of(writing.db, refund.order)
        if order is not None:
            take_refund(writing, order, refund.txn, refund.number, seen.fen, is_unclear=not refund.card)

    def _reverse(self) -> None:
        """What a bank took of an order of ours and no card can have goes back by itself 自动冲正."""
        names = [name for name, door in self._doors.items() if door.reverses]
        if not names:
            return
        with self._opened.database.reading():
            waiting = [one for one in items(self._opened.database, only_open=True) if one.kind is ItemKind.UNCLEAR]
        for one in waiting:
            if one.provider in names and not one.books_fen:
                self._reverse_one(one.ident)

    def _reverse_one(self, ident: int) -> None:
        with self._opened.writing(self._now()) as writing:
            found = next((one for one in items(writing.db, only_open=True) if one.ident == ident), None)
            if found is None or _was_refused(writing, ident):
                return
            try:
                refund_item(writing, found, BY_RULE, 0)
            except DepositRefused as fault:
                log.warning("%s %s: %s", found.provider, found.number, fault)


def _was_refused(writing: Writing, item: int) -> bool:
    """The bank would not: two persons decide."""
    return bool(writing.db.run("SELECT 1 FROM deposit_refund WHERE item = ? LIMIT 1", (item,)))
