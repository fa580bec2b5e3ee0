"""Seeds of the small world of deposits hold, planted mistakes are seen, and no order of deeds breaks the books."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from cloud.ledger.funds.providers import bills, paying, refunding, settlements
from cloud.ledger.ledger import open_ledger
from cloud.payments.deposits import life, refunds
from cloud.payments.providers import keys
from tests.cloud.ledger.campus import LEDGER_ID, NOW, inventory
from tests.cloud.payments.rig import in_memory
from tests.sim.deposits import CARDS, MOODS, PROVIDERS, DepositWorld
from tests.sim.world import Violation

SEEDS, DEFECT_SEEDS, EXAMPLES, DEEDS = 10, 30, 8, 20


@pytest.fixture(scope="module")
def campus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deposits") / "campus.db"
    ledger = open_ledger(str(path), LEDGER_ID)
    ledger.import_inventory(inventory(), NOW)
    ledger.close()
    return path


def play(seed: int, campus_file: Path, folder: Path) -> None:
    opened = in_memory(campus_file)
    try:
        DepositWorld(seed, opened, folder / str(seed), PROVIDERS[seed % len(PROVIDERS)]).run()
    finally:
        opened.close()


def play_all(seeds: range, campus_file: Path, folder: Path) -> None:
    for seed in seeds:
        play(seed, campus_file, folder)


def test_seeds_hold(campus_file: Path, tmp_path: Path, whole: bool) -> None:
    play_all(range(SEEDS * (20 if whole else 1)), campus_file, tmp_path)


@pytest.mark.postgres
def test_seeds_hold_on_postgresql(postgres: str, tmp_path: Path) -> None:
    with closing(open_ledger(postgres, LEDGER_ID)) as ledger:
        ledger.import_inventory(inventory(), NOW)
        world = DepositWorld(1, ledger.opened, tmp_path)
        world.is_mortal = False
        world.run()


def callbacks_post(patch: pytest.MonkeyPatch) -> None:
    """A callback is believed without a query."""
    true = life.Deposits.wake

    def believes(self: life.Deposits, *said: Any) -> bool:
        is_genuine = true(self, *said)
        if is_genuine:
            self.turn()
        return is_genuine

    patch.setattr(life.Deposits, "wake", believes)


def no_signature(patch: pytest.MonkeyPatch) -> None:
    """Whatever is said is believed."""
    patch.setattr(keys, "_verify", lambda *_: None)


def posts_twice(patch: pytest.MonkeyPatch) -> None:
    """The bill posts whatever stands there, under a name of its own."""
    true = paying.take_paid

    def again(writing: Any, order: Any, paid: Any, *, by_bill: bool) -> Any:
        return true(writing, order._replace(txn=""), paid._replace(txn=f"{paid.txn}-bill"), by_bill=by_bill)

    patch.setattr(bills._Taking, "_booked", lambda *_: 0)
    patch.setattr(bills, "take_paid", again)


def forgets_the_bill(patch: pytest.MonkeyPatch) -> None:
    """What was seen is not posted, and the bill does not bring it."""
    patch.setattr(bills, "take_paid", lambda *_, **__: None)
    patch.setattr(life.Deposits, "_post", lambda *_: 0)


def gives_back_on_silence(patch: pytest.MonkeyPatch) -> None:
    """A provider that did not answer is taken for one that refused."""
    patch.setattr(
        refunds, "after_back_silence", lambda *_: refunds.BackJudged(refunds.BackDeed.REFUSED, why="silence")
    )
    patch.setattr(bills, "take_refund", lambda *_, **__: None)


def takes_nothing_aside(patch: pytest.MonkeyPatch) -> None:
    """The provider hears before the account pays."""
    patch.setattr(refunding, "hold_refund", lambda *_: True)


def books_the_fee_twice(patch: pytest.MonkeyPatch) -> None:
    """By the bill, and by the settlement, too."""
    true = settlements.take_fees

    def twice(writing: Any, provider: str, day: int) -> None:
        true(writing, provider, day)
        fen = settlements.day_fee_fen(writing.db, provider, day)
        if fen:
            settlements.keep_fee(writing, fen, provider, f"settled:{day}")

    patch.setattr(settlements, "take_fees", twice)


def takes_a_settlement_twice(patch: pytest.MonkeyPatch) -> None:
    """What was brought is known by the moment at which its file came."""
    true, settled = life.take_settlement, settlements.settle

    def anew(writing: Any, provider: str, day: int, digest: bytes, *more: Any) -> Any:
        return true(writing, provider, day, digest + bytes((writing.now.unix_ms % 251,)), *more)

    patch.setattr(life, "take_settlement", anew)
    patch.setattr(settlements, "booked_fen", lambda *_: 0)
    patch.setattr(settlements, "settle", lambda w, fen, who, ident: settled(w, fen, who, f"{ident}.{w.now.unix_ms}"))


def reverses_what_was_refunded(patch: pytest.MonkeyPatch) -> None:
    """What the bill gives back is the provider's own deed, though we have asked for it and know that it is through."""
    true = bills._Taking.refund
    patch.setattr(bills._Taking, "refund", lambda self, line: true(self, line._replace(refund=f"{line.refund}.bill")))


def forgets_what_is_taken_back(patch: pytest.MonkeyPatch) -> None:
    """What a provider, or a bank, gives back by itself is nobody's concern."""
    patch.setattr(bills, "take_refund", lambda *_, **__: None)


DEFECTS = (
    callbacks_post, no_signature, posts_twice, forgets_the_bill, gives_back_on_silence, takes_nothing_aside,
    books_the_fee_twice, takes_a_settlement_twice, reverses_what_was_refunded, forgets_what_is_taken_back,
)  # fmt: skip


@pytest.mark.parametrize("plant", DEFECTS, ids=lambda plant: plant.__name__)
def test_a_planted_mistake_is_seen(
    plant: Callable[[pytest.MonkeyPatch], None], campus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(Violation):
        play_all(range(DEFECT_SEEDS), campus_file, tmp_path)


def machine_over(  # noqa: C901  # a deed is a method
    campus_file: Path, folder: Path
) -> type[RuleBasedStateMachine]:
    """Deeds in any order; whatever it was, all comes to rest by the laws."""
    numbers, sums = st.integers(0, 63), st.integers(1, 60_00)

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.opened = in_memory(campus_file)

        @initialize(provider=st.sampled_from(PROVIDERS))
        def begins(self, provider: str) -> None:
            self.world = DepositWorld(0, self.opened, Path(mkdtemp(dir=folder)), provider)
            self.world.begins(self.world.random)

        @rule(card=st.integers(0, CARDS - 1), fen=sums)
        def orders(self, card: int, fen: int) -> None:
            self.world.order(card, fen)

        @rule(which=numbers)
        def pays(self, which: int) -> None:
            self.world.pay(which)

        @rule(which=numbers, is_forged=st.booleans())
        def calls_back(self, which: int, is_forged: bool) -> None:
            self.world.callback(which, is_forged=is_forged)

        @rule(which=numbers)
        def replays(self, which: int) -> None:
            self.world.replay(which)

        @rule(which=numbers, fen=sums)
        def refunds(self, which: int, fen: int) -> None:
            self.world.refund(which, fen)

        @rule(which=numbers, fen=sums)
        def shop_refunds(self, which: int, fen: int) -> None:
            self.world.shop_refunds(which, fen)

        @rule(which=st.integers(0, len(MOODS) - 1))
        def mood(self, which: int) -> None:
            self.world.mood(which)

        @rule(after=st.integers(0, 12))
        def dies(self, after: int) -> None:
            self.world.dies(after)

        @rule(seconds=st.sampled_from((15, 60, 600, 3_600)))
        def time_passes(self, seconds: int) -> None:
            self.world.passes(seconds)

        @rule()
        def bill(self) -> None:
            self.world.bill()

        @rule()
        def day_ends(self) -> None:
            self.world.day_ends()

        @rule(which=numbers)
        def files_again(self, which: int) -> None:
            self.world.files_again(which)

        def teardown(self) -> None:
            try:
                if hasattr(self, "world"):
                    self.world.rest()
            finally:
                self.opened.close()

    return Machine


def test_no_order_of_deeds_breaks_the_books(campus_file: Path, tmp_path: Path, whole: bool) -> None:
    run_state_machine_as_test(
        machine_over(campus_file, tmp_path),
        settings=settings(
            max_examples=EXAMPLES * (20 if whole else 1), stateful_step_count=DEEDS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
