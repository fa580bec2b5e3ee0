"""No interleaving of orders, payments, callbacks that repeat or lie, questions, refunds on either side, bills, deaths
of the process and time breaks the books: drawn at random, at providers that do whatever one may do wrong."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from cloud.emulators.providers.mood import MOODS
from cloud.payments.providers.interface import ProviderFault
from shared.errors import ConfigFault
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import Rig, in_memory
from tests.cloud.payments.test_moods import require_equal

EXAMPLES, STEPS = 4, 16
ORDERS, SUMS = st.integers(1, 4), st.sampled_from((1, 20_00, 50_00))
STEP = st.one_of(
    st.tuples(st.just("order"), ORDERS, SUMS),
    st.tuples(st.just("pay"), ORDERS),
    st.tuples(st.just("pay"), ORDERS),
    st.tuples(st.just("called"), ORDERS),
    st.tuples(st.just("back"), ORDERS, SUMS),
    st.tuples(st.just("shop"), ORDERS, SUMS),
    st.tuples(st.just("bill")),
    st.tuples(st.just("dies")),
    st.tuples(st.just("passes"), st.sampled_from((15, 120, 1_740))),
)

BEGUN = (("order", 1, 50_00), ("passes", 120), ("pay", 1), ("passes", 120))
BACK, LATE = [("back", 1, 20_00), ("passes", 120)], [("order", 2, 20_00), ("passes", 1_740), ("pay", 2)]


class World:
    """Four orders of four cards at most, at one provider."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.day, self.numbers, self.drawn = rig, rig.day, dict[int, str](), 0

    def order(self, which: int, fen: int) -> None:
        if which not in self.numbers:
            self.numbers[which] = self.rig.deposits.order(f"k{which}", c.card(which), fen, self.rig.provider, "").number

    def pay(self, which: int) -> None:
        if (number := self.numbers.get(which)) in self.rig.trades.all:
            self.rig.trades.pay(number, self.rig.now_s)

    def called(self, which: int) -> None:
        """A callback that nobody sent, or that was sent before."""
        trade = self.rig.trades.all.get(self.numbers.get(which, ""))
        if trade is not None and trade.txn:
            head, body = self.rig.emulator.callback(trade, self.rig.now_s)
            self.rig.deposits.wake(self.rig.provider, {name.lower(): value for name, value in head.items()}, body)

    def back(self, which: int, fen: int) -> None:
        if which in self.numbers:
            with suppress(ConfigFault):
                self.rig.refund(self.numbers[which], fen)

    def shop(self, which: int, fen: int) -> None:
        """At the provider, of which nobody tells us."""
        trade = self.rig.trades.all.get(self.numbers.get(which, ""))
        if trade is not None and trade.txn and fen <= trade.paid_fen - sum(one for one, _ in trade.refunds.values()):
            self.drawn += 1
            mood, self.rig.trades.mood = self.rig.trades.mood, replace(
                self.rig.trades.mood, refuse=False, break_back=False, back_s=0
            )
            self.rig.trades.refund(trade.number, f"SHOP-{self.drawn}", fen, self.rig.now_s)
            self.rig.trades.mood = mood

    def bill(self) -> None:
        with suppress(ProviderFault):
            self.rig.deposits.bill(self.rig.provider, self.day, "t")

    def dies(self) -> None:
        self.rig.born()

    def passes(self, seconds: int) -> None:
        self.rig.pass_time(seconds)

    def end(self) -> None:
        self.rig.pass_time(4_000, 60)
        self.rig.pass_time(30 * 3600, 1_800)
        self.rig.ask_for_those_of_a_person()
        for day in (self.day, self.rig.day):
            self.rig.take_bill(day)
            self.rig.take_settlement(day)
        require_equal(self.rig, {number: c.card(which) for which, number in self.numbers.items()}, self.day)


@pytest.mark.parametrize("provider", ["wechat", "alipay"])
def test_the_account_ends_equal_to_the_bill_in_whatever_order_it_comes(
    provider: str, tmp_path: Path, campus_file: Path
) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None,
        phases=(Phase.explicit, Phase.generate),
    )
    @example("honest", 0, [*BACK, ("shop", 1, 1), ("shop", 1, 20_00)])
    @example("refuses-refunds", 0, BACK)
    @example("silent", 0, LATE)
    @given(st.sampled_from(("honest", "everything")), st.integers(0, 9), st.lists(STEP, min_size=8, max_size=STEPS))
    def play(mood: str, seed: int, steps: list[tuple[Any, ...]]) -> None:
        opened = in_memory(campus_file)
        world = World(Rig(opened, provider, replace(MOODS[mood], seed=seed), tmp_path))
        for step in (*BEGUN, *steps):
            act: Callable[..., None] = getattr(world, step[0])
            act(*step[1:])
        world.end()
        opened.close()

    play()
