"""Planted defects of payments by accounts, at a till and in the ledger: see defects.py."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from cloud.ledger.funds.offline import taking
from cloud.ledger.funds.offline.terms import Beyond
from cloud.ledger.funds.payments import authorise, settle
from cloud.ledger.ledger import Ledger
from cloud.ledger.receive import receive
from edge.terminal.firmware.firmware import Firmware
from tests.sim.fleet_defects import Changed
from tests.sim.ingest_part import IngestPart

Mistake = tuple[Any, str, Any]
"""A module of the ledger's, a name in it, and what stands there instead."""
RECEIVES = ("receive", "receive_copy", "receive_copies", "rejudge")
"""By which records come into the books."""


class Mistaken(IngestPart):
    """A ledger that makes a mistake in some of its calls."""

    calls: tuple[str, ...] = ("payment_authorise", "payment_by_code")

    def open(self, database: Any, at: Callable[[str], None]) -> Ledger:
        ledger = super().open(database, at)
        for name in self.calls:
            setattr(ledger, name, _with(getattr(ledger, name), self.mistakes()))
        return ledger

    def mistakes(self) -> tuple[Mistake, ...]:
        """The defect."""
        raise NotImplementedError


def _with(call: Callable[..., Any], mistakes: tuple[Mistake, ...]) -> Callable[..., Any]:
    def mistaken(*values: Any) -> Any:
        with ExitStack() as stack:
            for module, name, other in mistakes:
                stack.enter_context(_instead(module, name, other))
            return call(*values)

    return mistaken


@contextmanager
def _instead(module: Any, name: str, other: Any) -> Iterator[None]:
    true = getattr(module, name)
    setattr(module, name, other)
    try:
        yield
    finally:
        setattr(module, name, true)


class KeepsWhatIsReversed(Mistaken):
    """A reversal is written down, and its payment stays."""

    calls = RECEIVES

    def mistakes(self) -> tuple[Mistake, ...]:
        return ((settle, "_reverse", lambda *_: None),)


class Overdraws(Mistaken):
    """What the school wants to stay in an account is not looked at."""

    def mistakes(self) -> tuple[Mistake, ...]:
        return ((authorise, "floor_of", lambda *_: 0),)


class PaysTheLost(Mistaken):
    """Nobody asks whether the card was reported lost."""

    def mistakes(self) -> tuple[Mistake, ...]:
        true = authorise.decide
        return ((authorise, "decide", lambda asked: true(asked._replace(is_hotlisted=False))),)


class ChargesAgain(Mistaken):
    """A use that came before is charged to its holder once more."""

    calls = RECEIVES

    def mistakes(self) -> tuple[Mistake, ...]:
        true = taking.beyond

        def blind(*values: Any) -> Beyond:
            against = true(*values)
            return Beyond.NOTHING if against is Beyond.TWICE else against

        return ((taking, "beyond", blind),)


class LosesMeals(Mistaken):
    """A meal's record is kept, and nothing is posted by it."""

    calls = RECEIVES

    def mistakes(self) -> tuple[Mistake, ...]:
        return ((receive, "take_meals", lambda *_: None),)


class SellsOnUnknown(Changed):
    """No answer is taken for a yes."""

    def change(self, firmware: Firmware) -> None:
        book = firmware.body.book
        book.reversed = book.paid  # type: ignore[method-assign]  # the defect
