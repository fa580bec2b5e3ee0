"""Seeds of the small world of account payments hold, what should happen does, and planted mistakes are seen."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cloud.ledger.funds.orders import asked, calls, papers, paying, rows
from cloud.ledger.funds.payments import authorise, cases, settle
from cloud.payments.orders import door as orders_door
from edge.terminal.store.book import Book
from edge.terminal.store.flash import Waiting
from edge.terminal.store.layout import OpenSlot
from edge.terminal.taps.paying import AccountPoint
from edge.terminal.taps.till_order import OrderPoint, is_order
from shared.errors import RuleBroken
from shared.purse.reasons import Reason
from tests.sim.payments import PaymentWorld
from tests.sim.small import mistakes_are_seen, play
from tests.sim.world import Violation

SEEDS, DEFECT_SEEDS = 12, 40


def test_seeds_hold_and_everything_happens(tmp_path: Path, whole: bool) -> None:
    states: Counter[int] = Counter()
    told = 0
    for world in play(PaymentWorld, SEEDS * (20 if whole else 1), tmp_path):
        states.update(world.states)
        told += world.told
    assert told, "an order that a power cut has left was paid"
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


def a_code_pays_twice(patch: pytest.MonkeyPatch) -> None:
    """A code that is not used up by its answer."""
    patch.setattr(authorise, "judged", lambda *_: None)


def double_capture(patch: pytest.MonkeyPatch) -> None:
    """A capture that looks at no state, under an entry key of its own."""
    capture, key_of = paying.capture, papers.key_of
    numbers = iter(range(1_000, 1_000_000))

    def blind(writing: Any, call: Any, payment: int, fen: int) -> Any:
        row = rows.payment_of(writing.db, payment)
        if row is not None and row.state == rows.OnlineState.CAPTURED and row.amount_fen >= fen:
            rows.keep_payment(writing.db, row._replace(state=int(rows.OnlineState.AUTHORISED)))
        return capture(writing, call, payment, fen)

    patch.setattr(papers, "key_of", lambda kind, number: key_of(kind, number)[:1] + next(numbers).to_bytes(8, "big"))
    patch.setattr(orders_door, "capture", blind)


def refund_above_captured(patch: pytest.MonkeyPatch) -> None:
    """A refund that is held against what was authorised."""
    payment_of = paying.payment_of

    def generous(db: Any, number: int) -> Any:
        row = payment_of(db, number)
        is_captured = row is not None and row.state == rows.OnlineState.CAPTURED
        return row._replace(captured_fen=10 * row.amount_fen) if row is not None and is_captured else row

    patch.setattr(paying, "payment_of", generous)


def time_out_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Nobody gives back what is over."""
    patch.setattr(paying, "expired", lambda *_: [])


def forgets_calls(patch: pytest.MonkeyPatch) -> None:
    """A call that comes again is done again."""
    patch.setattr(calls, "_known", lambda *_: None)
    patch.setattr(calls, "_keep", lambda *_: None)


def paid_and_not_shown(patch: pytest.MonkeyPatch) -> None:
    """A till that forgets an order at power-on, whatever the centre has said of it."""
    patch.setattr(OrderPoint, "_told", lambda self, waiting, _: self._body.book.drop(waiting))


def taken_twice_across_a_cut(patch: pytest.MonkeyPatch) -> None:
    """A till that begins anew with an empty glass: what stood on it is asked for again."""

    def forgetful(self: OrderPoint) -> None:
        for waiting in [one for one in self._body.flash.waiting if is_order(one)]:
            self._body.book.drop(waiting)

    patch.setattr(OrderPoint, "boot", forgetful)


def reversed_though_served(patch: pytest.MonkeyPatch) -> None:
    """A till that has shown an order as paid, and reverses it."""
    ended = OrderPoint._ended

    def both(self: OrderPoint, waiting: Waiting, answer: Any) -> Any:
        patch.setattr(self._body.book, "paid", self._body.book.reversed)
        return ended(self, waiting, answer)

    patch.setattr(OrderPoint, "_ended", both)


def closed_and_still_paid(patch: pytest.MonkeyPatch) -> None:
    """A centre that says that an order is closed, and does not close it."""
    patch.setattr(asked, "shut", lambda *_: None)
    keep, is_open = cases.keep, lambda case: case.state == cases.PaymentState.OPEN
    patch.setattr(asked, "keep", lambda db, case: keep(db, case) if is_open(case) else None)


DEFECTS = (
    no_tombstone, no_reversal, sells_on_unknown, late_slot, not_reversed, a_code_pays_twice, double_capture,
    refund_above_captured, time_out_forgotten, forgets_calls, paid_and_not_shown, taken_twice_across_a_cut,
    reversed_though_served, closed_and_still_paid,
)  # fmt: skip

test_a_planted_mistake_is_seen = mistakes_are_seen(DEFECTS, PaymentWorld, DEFECT_SEEDS, (Violation, RuleBroken))
