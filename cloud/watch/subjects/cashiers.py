"""Cashiers' days that are over and in no close yet. Pure."""

from collections.abc import Iterable, Iterator

from cloud.ledger.read.desk import OpenPeriod
from cloud.ledger.records.values import Now
from cloud.watch.alarms.terms import Kind, Signal, Source
from shared.clocks.clock import DAY_S


def close_signals(cashiers: Iterable[str], periods: Iterable[OpenPeriod], now: Now) -> Iterator[Signal]:
    """Hours since the first day with an open receipt was over; 0 of who owes no close."""
    days = {one.cashier: one.day for one in periods}
    for cashier in cashiers:
        over_s = (days[cashier] + 1) * DAY_S if cashier in days else now.campus_s
        hours = max(0, now.campus_s - over_s) / 3600
        yield Signal("close-due", Source(Kind.PERSON, cashier), now.unix_ms, hours)
