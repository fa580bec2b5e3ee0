"""Seeds of the small world of account payments hold, what should happen does, and planted mistakes are seen."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud.ledger.funds.payments import authorise, cases, settle
from edge.terminal.store.book import Book
from edge.terminal.store.flash import Waiting
from edge.terminal.store.layout import OpenSlot
from edge.terminal.taps.paying import AccountPoint
from shared.errors import RuleBroken
from shared.purse.reasons import Reason
from tests.sim.payments import PaymentWorld
from tests.sim.world import Violation

SEEDS, DEFECT_SEEDS = 12, 40


def test_seeds_hold_and_everything_happens(tmp_path: Path, whole: bool) -> None:
    states: Counter[int] = Counter()
    for seed in range(SEEDS * (20 if whole else 1)):
        world = PaymentWorld(seed, tmp_path)
        world.run()
        states.update(world.states)
    assert all(states[state] for state in (cases.PaymentState.APPROVED, cases.PaymentState.REVERSED)), states
    assert states[cases.PaymentState.TOMBSTONE], states
    assert not states[cases.PaymentState.HELD] + states[cases.PaymentState.WORD], states


def no_tombstone(patch: pytest.MonkeyPatch) -> None:
    """A request is decided anew though its reversal stands in the books."""

    def forgetful(db: Any, key: bytes) -> cases.PaymentCase | None:
        found = cases.case_of(db, key)
        return None if found is not None and found.state == cases.PaymentState.TOMBSTONE else found

    patch.setattr(authorise, "case_of", forgetful)


def no_reversal(patch: pytest.MonkeyPatch) -> None:
    """A till that gives up and says nothing of it."""
    patch.setattr(AccountPoint, "_reversed", _dropped)


def _dropped(self: AccountPoint, waiting: Waiting, amount_fen: int) -> Any:
    self._body.book.drop(waiting)
    return self._declined(amount_fen, Reason.ACCOUNT_NO_ANSWER)


def sells_on_unknown(patch: pytest.MonkeyPatch) -> None:
    """A till that takes no answer for a yes."""
    paid = Book.paid
    patch.setattr(Book, "reversed", paid)


def late_slot(patch: pytest.MonkeyPatch) -> None:
    """The request leaves before anything of it is durable."""

    def forgetful(self: Book, asked: Any, number: int, *, clock_set: bool, mono_s: float) -> Waiting:
        flash = self._flash
        flash._generation += 1
        epoch = flash.epochs[-1].epoch
        waiting = Waiting(7, OpenSlot(flash._generation, epoch, clock_set, number, asked, 0))
        flash.waiting.append(waiting)
        return waiting

    patch.setattr(Book, "open_payment", forgetful)


def not_reversed(patch: pytest.MonkeyPatch) -> None:
    """A ledger that marks a payment as reversed and gives nothing back."""
    patch.setattr(settle, "give_back", lambda *_: None)


DEFECTS = (no_tombstone, no_reversal, sells_on_unknown, late_slot, not_reversed)


@pytest.mark.parametrize("plant", DEFECTS, ids=lambda plant: plant.__name__)
def test_a_planted_mistake_is_seen(
    plant: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises((Violation, RuleBroken)):
        _run_all(tmp_path)


def _run_all(folder: Path) -> None:
    for seed in range(DEFECT_SEEDS):
        PaymentWorld(seed, folder).run()
