"""What a card's log tells of a transaction in doubt: ours, another in its place, or nothing."""

import pytest

from shared.purse.crypto import TYPE_CAPP_PURCHASE, TYPE_EP_LOAD
from shared.purse.files import LOG_DEPTH, LogRecord
from shared.purse.flows.recovery import Says, Trace, log_says
from shared.purse.profiles import Number

OURS = Trace(20, 300, TYPE_CAPP_PURCHASE, b"TERM-1", b"\x20" * 7)
OTHER = b"TERM-2"


def log(*numbers: int, kind: int = TYPE_CAPP_PURCHASE) -> tuple[LogRecord, ...]:
    return tuple(LogRecord(number, 100, kind, OTHER, b"\x21" * 7) for number in numbers)


def ours(number: int) -> LogRecord:
    return LogRecord(number, OURS.amount_fen, OURS.kind, OURS.terminal_id, OURS.date_time)


@pytest.mark.parametrize("number", [20, 21])
@pytest.mark.parametrize("convention", Number)
def test_ours_is_known_by_all_that_it_says_under_either_number(number: int, convention: Number) -> None:
    assert log_says(OURS, (*log(22), ours(number)), convention) is Says.OURS


@pytest.mark.parametrize(("convention", "number"), [(Number.AFTER, 21), (Number.BEFORE, 20)])
def test_another_in_our_place_is_believed_of_a_log_that_reaches_back(convention: Number, number: int) -> None:
    assert log_says(OURS, log(number), convention) is Says.ANOTHER
    full = log(*range(number, number + LOG_DEPTH))
    reaches = any(record.number <= OURS.counter for record in full)
    assert (log_says(OURS, full, convention) is Says.ANOTHER) is reaches


def test_a_full_log_that_begins_after_us_says_nothing() -> None:
    """On a card that counts the other way, ours may just have been overwritten."""
    assert log_says(OURS, log(*range(21, 21 + LOG_DEPTH)), Number.AFTER) is Says.NOTHING
    assert log_says(OURS, log(*range(21, 20 + LOG_DEPTH)), Number.AFTER) is Says.ANOTHER
    assert log_says(OURS, log(*range(20, 20 + LOG_DEPTH)), Number.AFTER) is Says.ANOTHER


def test_loads_tell_nothing_of_a_purchase() -> None:
    assert log_says(OURS, log(20, 21, kind=TYPE_EP_LOAD), Number.AFTER) is Says.NOTHING
