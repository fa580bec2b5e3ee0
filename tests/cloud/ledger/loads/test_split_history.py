"""Random histories of one holder on both databases: rules, orders, loads by rule, payments, cash, deposits, days.

At every step his account has its floor, nothing came by itself that rule and order did not say, and what may be moved
is what the next request gets.
"""

from random import Random

import pytest

from cloud.ledger.cards.refusals import DeskRefused
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.split import SplitLedger
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.loads.split.moving import Quota
from cloud.ledger.loads.split.orders import OrderRefused
from cloud.ledger.loads.split.rules import OFF, RuleRefused
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from shared.online import LoadResult, Purpose
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, OPENING, Box

CARD, LABEL, CLASS = c.card(1), "0001", 1
STEPS, FLOOR = 40, 20_00
QUOTAS = (Quota(40_00, 90_00, 120_00), Quota(90_00, 100_00, 60_00), OFF, Quota(50_00, 40_00, 60_00))
"""The last contradicts itself."""


class Holder:
    """What he has on his card, and what happens to him."""

    def __init__(self, opened: OpenedLedger, ledger: Ledger, box: Box, seed: int) -> None:
        self.ledger, self.box, self.desk, self.doors = ledger, box, DeskLedger(opened), SplitLedger(opened)
        self.random, self.number, self.seq = Random(seed), 0, 0
        self.purse, self.offline, self.counter = OPENING, 0, 0
        self.now: Now = NOW
        self.by_itself = 0
        self.desk.cash_float(b"f" * 16, "李明", 9_000_00, NOW)
        self.steps = (self.deposits, self.pays, self.draws, self.rules, self.orders, self.buys, self.taps, self.taps)

    def step(self) -> None:
        """One more thing; a day may pass."""
        self.number += 1
        seconds = self.random.choice((5, 60, c.DAY_S // 2))
        self.now = Now(self.now.unix_ms + seconds * 1000, self.now.campus_s + seconds)
        self.random.choice(self.steps)()

    def deposits(self) -> None:
        self.ledger.deposit(CARD, self.random.randint(1, 80_00), f"d{self.number}", self.now)

    def pays(self) -> None:
        c.pay(self.ledger, self.number, self.random.randint(1, 60_00), at=c.POS2, now=self.now)

    def draws(self) -> None:
        try:
            fen = self.random.randint(1, 60_00)
            self.desk.cash_out(self.number.to_bytes(16, "big"), "李明", CARD, fen, self.now)
        except DeskRefused:
            return

    def rules(self) -> None:
        quota, before = self.random.choice(QUOTAS), Reader(self.ledger.database).split_rules()
        try:
            self.doors.set_of_class(CLASS, quota, "王芳", "", self.now)
        except RuleRefused:
            assert Reader(self.ledger.database).split_rules() == before

    def orders(self) -> None:
        try:
            self.doors.order(f"w{self.number}", LABEL, self.random.choice((0, 10_00, 70_00)), "本人", self.now)
        except OrderRefused:
            return

    def buys(self) -> None:
        fen = self.random.randint(1, 60_00)
        if fen <= self.purse:
            self.seq, self.offline = self.seq + 1, self.offline + 1
            self.box.send(c.stored(c.purchase(self.seq, CARD, self.offline, fen, self.purse)))
            self.purse -= fen

    def taps(self) -> None:
        """What is offered is what may be moved; the card takes it, or is gone before."""
        told = Reader(self.ledger.database).split(LABEL, self.now)
        assert told is not None
        offered = self._ask(0)
        if not told.transit_fen:  # else the question gives back what the card never got, and there is more
            assert (told.holding.purse_fen, told.due.fen) == (self.purse, offered.amount_fen)
        if offered.result is not LoadResult.AUTO:
            return
        assert self._ask(offered.amount_fen + 1).result is LoadResult.NOTHING
        assert self._ask(offered.amount_fen).result is LoadResult.GRANTED
        if self.random.random() < 0.7:
            self.seq += 1
            said = c.load(self.seq, CARD, self.counter, offered.amount_fen, self.purse, request=self.number, at=c.POS)
            self.box.send(c.stored(said, at=c.POS))
            self.purse, self.counter, self.by_itself = self.purse + offered.amount_fen, self.counter + 1, 1

    def _ask(self, fen: int):  # type: ignore[no-untyped-def]  # LoadDecision
        self.number += 1
        asked, load = c.load_request(
            CARD, self.counter, fen, self.purse, request=self.number, at=c.POS, purpose=Purpose.AUTO
        )
        return self.ledger.load_authorise(c.BOX, asked, load, True, self.now)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_floor_holds_and_nothing_moves_without_a_ground(
    opened: OpenedLedger, ledger: Ledger, box: Box, seed: int
) -> None:
    ledger.deposit(CARD, 150_00, "first", NOW)
    BankLedger(opened).set_floor(CLASS, FLOOR, "王芳", "押金", NOW)
    holder = Holder(opened, ledger, box, seed)
    holder.doors.set_of_class(CLASS, QUOTAS[0], "王芳", "", NOW)
    for _ in range(STEPS):
        holder.step()
        assert -c.balances(ledger).get(f"online:{CARD.hex()}", 0) >= FLOOR
    assert verify(ledger, c.check_tac).first_broken == ""
