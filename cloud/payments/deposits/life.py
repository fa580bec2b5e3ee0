"""Deposits over an opened ledger and its providers: each step is durable before the next one begins.

Whatever ends this process between two of them, what is due is due again, and asking again changes nothing that stands:
an order has one number with its provider, and a transaction one key in the books.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple, TypeVar

from cloud.ledger.funds.providers.bills import Matched, take_bill
from cloud.ledger.funds.providers.items import BillLine, Item, items
from cloud.ledger.funds.providers.orders import due_orders, keep, make_order, order_of, order_of_key, orders_of, step
from cloud.ledger.funds.providers.paying import Paid, take_paid
from cloud.ledger.funds.providers.settlements import Settled, SettlementLine, take_settlement
from cloud.ledger.funds.providers.terms import FINAL, NEVER, DepositOrder, OrderState
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import DepositRefused, Now
from cloud.payments.deposits.calls import SENT_BACK
from cloud.payments.deposits.days import day_of_payment
from cloud.payments.deposits.judging import LASTS_S, Deed, Judged, after_answer, after_silence
from cloud.payments.deposits.refunds import Refunds
from cloud.payments.providers.interface import (
    Bill,
    Door,
    FileFault,
    Headers,
    NothingThere,
    OpenerRefused,
    OrderWay,
    ProviderFault,
    Seen,
    Settlement,
    Wanted,
)
from shared.clocks.clock import DAY_S, day_number, parse_time
from shared.facts.money.deposits import DepositBillBroken, DepositForged, DepositUnknown, ProviderKeyEnds
from shared.wire import codec
from shared.words.voice import Text

TURN_MAX = 64
"""Orders that one turn asks for."""
FORGED_MS = 3_600_000
"""How often forged callbacks are told of, of each provider."""
KEY_TOLD_MS = 86_400_000
NO_FILE = sha256(b"").digest()
"""Of the bill of a day on which the provider moved nothing, and makes none."""
_File = TypeVar("_File", Bill, Settlement)
log = logging.getLogger(__name__)


class Turned(NamedTuple):
    """What a turn did. back: refunds that went through, or were refused."""

    asked: int
    posted: int
    unanswered: int
    back: int = 0


class Deposits:
    """Belongs to one thread. doors: by the provider's name. now: both clocks."""

    def __init__(
        self, opened: OpenedLedger, doors: Mapping[str, Door], now: Callable[[], Now], subject: str = "OpenYKT"
    ) -> None:
        self._opened, self._doors, self._now, self._subject = opened, doors, now, subject
        self._refunds = Refunds(opened, doors, now)
        self._broken: dict[tuple[str, str], str] = {}
        self._forged: dict[str, int] = {}
        self._forged_told_ms: dict[str, int] = {}
        self._key_told_ms: dict[tuple[str, str], int] = {}

    @property
    def providers(self) -> tuple[str, ...]:
        """Those that may be chosen."""
        return tuple(self._doors)

    # --- what people and programs ask for -------------------------------------------------------------------------

    def order(
        self, key: str, card: bytes, fen: int, provider: str, payer: str = "", way: str = "", opener: str = ""
    ) -> DepositOrder:  # fmt: skip
        """Durable when this returns; sent by the next turn. The same key again is the same order. DepositRefused."""
        if provider not in self._doors:
            raise DepositRefused(Text("没有此渠道", "no such provider"))
        with self._opened.writing(self._now()) as writing:
            return make_order(writing, key, card, fen, provider, payer, LASTS_S, way, opener)

    def state(self, key: str) -> DepositOrder | None:
        """As it stands."""
        with self._opened.database.reading():
            return order_of_key(self._opened.database, key)

    def of_card(self, card: bytes, most: int) -> list[DepositOrder]:
        """The newest first."""
        with self._opened.database.reading():
            return orders_of(self._opened.database, card, most)

    def open_items(self) -> list[Item]:
        """What two persons have to see to."""
        with self._opened.database.reading():
            return items(self._opened.database, only_open=True)

    def ask_again(self, number: str) -> bool:
        """A person wants to know: due now, whatever its state. False: no such order or refund, or it has ended."""
        if self._refunds.ask_again(number):
            return True
        with self._opened.writing(self._now()) as writing:
            order = order_of(writing.db, number)
            if order is None or order.txn:
                return False
            keep(writing.db, order._replace(due_ms=writing.now.unix_ms))
            return True

    # --- what the loop does ---------------------------------------------------------------------------------------

    def turn(self) -> Turned:
        """Ask for what is due, at most TURN_MAX, each whole before the next."""
        now = self._now()
        with self._opened.database.reading():
            due = due_orders(self._opened.database, now.unix_ms, TURN_MAX)
        asked = posted = unanswered = 0
        for order in due:
            door = self._doors.get(order.provider)
            try:
                if door is None:
                    raise ProviderFault("this provider is not configured any more")
                posted += self._one(door, order)
            except ProviderFault as fault:
                log.warning("%s %s: %s", order.provider, order.number, fault)
                self._later(order.number, None)
                unanswered += 1
            asked += 1
        back = self._refunds.turn()
        return Turned(asked + back.asked, posted, unanswered + back.unanswered, back.ended)

    def wake(self, provider: str, headers: Headers, body: bytes) -> bool:
        """A callback: if it is genuine its order is due now, and nothing else happens. False: it was not."""
        door = self._doors.get(provider)
        try:
            if door is None:
                raise ProviderFault("no such provider")
            number = door.woken(headers, body)
        except ProviderFault as fault:
            self._forgery(provider, fault)
            return False
        with self._opened.writing(self._now()) as writing:
            order = order_of(writing.db, number)
            if order is not None and not order.txn:
                keep(writing.db, order._replace(due_ms=writing.now.unix_ms))
        return True

    def bill(self, provider: str, day: str, who: str) -> Matched:
        """Fetch the bill of a day (`2026-11-27`), match it three ways, post what is missing. ProviderFault, and a fact
        where the bill is not to be believed: then nothing is moved by it."""
        found = self._file(provider, day, lambda: self._doors[provider].bill(day), Bill((), NO_FILE))
        lines = [BillLine(*line) for line in found.lines]
        with self._opened.writing(self._now()) as writing:
            return take_bill(writing, provider, day_number(parse_time(day)), found.digest, lines, who)

    def settlement(self, provider: str, day: str, who: str) -> Settled:
        """What it brought to the bank on a day, and its fees. As `bill`."""
        found = self._file(provider, day, lambda: self._doors[provider].settlement(day), Settlement((), NO_FILE))
        lines = [SettlementLine(*line) for line in found.lines]
        with self._opened.writing(self._now()) as writing:
            return take_settlement(writing, provider, day_number(parse_time(day)), found.digest, lines, who)

    def _file(self, provider: str, day: str, fetch: Callable[[], _File], none: _File) -> _File:
        """none: where the provider says that nothing was moved. What came and cannot be believed is told, once while
        it is wrong in the same way, however often it is fetched again."""
        try:
            return fetch()
        except NothingThere:
            return none
        except ProviderFault as fault:
            why = str(fault)
            is_news = self._broken.get((provider, day)) != why
            if is_news and (fault.is_forged or isinstance(fault, FileFault)):
                self._broken[provider, day] = why
                with self._opened.writing(self._now()) as writing:
                    writing.notes.tell(DepositBillBroken(provider, day, why))
            raise

    def tell_keys(self) -> None:
        """Keys of providers that are about to end, each once a day."""
        now = self._now()
        now_s = now.unix_ms // 1000
        for name, door in self._doors.items():
            for one in door.key_ends():
                if now.unix_ms - self._key_told_ms.get((name, one.serial), -KEY_TOLD_MS) >= KEY_TOLD_MS:
                    self._key_told_ms[name, one.serial] = now.unix_ms
                    with self._opened.writing(now) as writing:
                        days = max(0, (one.until_s - now_s) // DAY_S)
                        writing.notes.tell(ProviderKeyEnds(name, one.serial, days))

    # --- one order ------------------------------------------------------------------------------------------------

    def _one(self, door: Door, order: DepositOrder) -> int:
        """1: it was posted."""
        if order.state == OrderState.MADE and self._now().unix_ms < order.expires_ms:
            self._send(door, order)
            return 0
        seen = door.query(order.number)
        judged = after_answer(order, seen, self._now().unix_ms)
        if judged.deed is Deed.CLOSE:
            door.close(order.number)
            seen = door.query(order.number)
            judged = after_answer(order, seen, self._now().unix_ms, has_closed=True)
        if judged.deed is Deed.POST:
            return self._post(order.number, seen)
        self._later(order.number, judged)
        return 0

    def _send(self, door: Door, order: DepositOrder) -> None:
        order = self._known(door, order)
        way, expires_s = OrderWay(order.way or OrderWay.CODE), order.expires_ms // 1000
        pay = door.make(Wanted(order.number, order.fen, self._subject, expires_s, way, order.opener))
        with self._opened.writing(self._now()) as writing:
            found = order_of(writing.db, order.number)
            if found is not None and found.state == OrderState.MADE:
                now_ms = writing.now.unix_ms
                sent = found._replace(state=int(OrderState.SENT), pay=pay, opener="", tries=0, changed_ms=now_ms)
                step(writing, sent._replace(due_ms=after_silence(sent, now_ms).due_ms, tries=1), codec.dumps([pay]))

    def _known(self, door: Door, order: DepositOrder) -> DepositOrder:
        """Who opens it is asked for once, and kept before the provider hears of the order: his code is used up then.
        Where nobody says who he is, it becomes an order by a code, which anybody can scan."""
        if not order.opener.startswith(SENT_BACK):
            return order
        try:
            known = order._replace(opener=door.opener(order.opener.removeprefix(SENT_BACK)))
        except OpenerRefused as fault:
            log.warning("%s %s: %s", order.provider, order.number, fault)
            known = order._replace(way="", opener="")
        with self._opened.writing(self._now()) as writing:
            found = order_of(writing.db, order.number)
            if found is not None and found.state == OrderState.MADE:
                keep(writing.db, found._replace(way=known.way, opener=known.opener))
        return known

    def _post(self, number: str, seen: Seen) -> int:
        with self._opened.writing(self._now()) as writing:
            order = order_of(writing.db, number)
            if order is None or order.txn:
                return 0
            day = day_of_payment(seen.paid_s, writing.now.unix_ms // 1000)
            take_paid(writing, order, Paid(seen.txn, seen.fen, day), by_bill=False)
            return 1

    def _later(self, number: str, judged: Judged | None) -> None:
        """judged None: it did not answer. Looks at the order anew: a bill may have moved it on meanwhile."""
        with self._opened.writing(self._now()) as writing:
            order = order_of(writing.db, number)
            if order is None:
                return
            if order.state in (OrderState.PAID, OrderState.REFUNDED):
                keep(writing.db, order._replace(due_ms=NEVER))
                return
            self._put_off(writing, order, judged or after_silence(order, writing.now.unix_ms))

    def _put_off(self, writing: Writing, order: DepositOrder, judged: Judged) -> None:
        now_ms = writing.now.unix_ms
        if judged.deed is Deed.LATER:
            keep(writing.db, order._replace(due_ms=judged.due_ms, tries=order.tries + 1))
            return
        state = OrderState.CLOSED if judged.deed is Deed.CLOSED else OrderState.PERSON
        done = order._replace(state=int(state), opener="", due_ms=NEVER, changed_ms=now_ms)
        if order.state == state:
            keep(writing.db, done)
            return
        if state is OrderState.PERSON:
            writing.notes.tell(DepositUnknown(order.provider, order.number, order.fen))
        step(writing, done, codec.dumps([]))

    def _forgery(self, provider: str, fault: ProviderFault) -> None:
        """Counted, and told at most once in FORGED_MS: whoever can post to the door could fill the list of facts."""
        log.warning("%s: a callback was refused: %s", provider, fault)
        if not fault.is_forged:
            return
        self._forged[provider] = self._forged.get(provider, 0) + 1
        now = self._now()
        if now.unix_ms - self._forged_told_ms.get(provider, -FORGED_MS) >= FORGED_MS:
            self._forged_told_ms[provider] = now.unix_ms
            with self._opened.writing(now) as writing:
                writing.notes.tell(DepositForged(provider, self._forged.pop(provider)))


def is_final(order: DepositOrder) -> bool:
    """Is nothing to come of it by itself?"""
    return order.state in FINAL


def waits_to_be_paid(orders: Sequence[DepositOrder]) -> list[DepositOrder]:
    """Those that a phone may open."""
    return [one for one in orders if one.state == OrderState.SENT]
