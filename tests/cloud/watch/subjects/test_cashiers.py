"""A cashier's day that is over and in no close yet: as the ledger has it."""

from cloud.ledger.read.desk import OpenPeriod
from cloud.ledger.records.values import Now
from cloud.watch.subjects.cashiers import close_signals
from shared.clocks.clock import DAY_S

DAY = 100


def hours(at_s: int, *periods: OpenPeriod) -> list[float | None]:
    return [one.value for one in close_signals(["李", "王"], periods, Now(1, at_s))]


def test_who_owes_no_close_is_at_nothing_and_so_is_today() -> None:
    assert hours(DAY * DAY_S + 5) == [0, 0]
    assert hours(DAY * DAY_S + 5, OpenPeriod("王", DAY)) == [0, 0]


def test_a_day_that_is_over_counts_from_its_end() -> None:
    assert hours((DAY + 1) * DAY_S + 7200, OpenPeriod("王", DAY)) == [0, 2]
