"""The day before a holiday of the calendar, what is not drained is told once, and on no other day."""

from cloud.ledger.fleet.parameters.holidays import LOOK_MS, Holidays
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import read_file
from shared.clocks.clock import DAY_S, day_number
from tests.cloud.ledger.campus import NOW
from tests.cloud.ledger.fleet.parameters.test_pushing import Office, campus_file

HOLIDAY = read_file(campus_file().text).calendar.spans[0]


def on(day: int, hour: int = 12) -> Now:
    ahead_s = (day - day_number(NOW.campus_s)) * DAY_S + hour * 3600
    return Now(NOW.unix_ms + ahead_s * 1000, NOW.campus_s // DAY_S * DAY_S + ahead_s)


def test_it_is_told_the_day_before_and_once(opened: OpenedLedger) -> None:
    Office(opened).push(campus_file())
    holidays, day = Holidays(opened), HOLIDAY.first - 1
    assert [holidays.look(on(at)) for at in (day - 2, day - 1, day, day, day + 1)] == [False, False, True, False, False]
    with opened.database.reading():
        found = opened.database.run("SELECT code FROM fact WHERE code = 'holiday-undrained'")
    assert len(found) == 1


def test_without_a_calendar_nothing_is_ahead(opened: OpenedLedger) -> None:
    assert not Holidays(opened).look(on(HOLIDAY.first - 1))


def test_it_is_looked_at_no_oftener_than_so(opened: OpenedLedger) -> None:
    Office(opened).push(campus_file())
    holidays, now = Holidays(opened), on(HOLIDAY.first - 2, 23)
    assert not holidays.look(now)
    assert not holidays.look(Now(now.unix_ms + LOOK_MS - 1, now.campus_s + DAY_S))
    assert holidays.look(Now(now.unix_ms + LOOK_MS, now.campus_s + DAY_S))
