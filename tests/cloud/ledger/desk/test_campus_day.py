"""日结 of the campus: refused while anything is owed, or closed with gaps by two persons; what comes later is late."""

from collections.abc import Iterator

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.campus_day import DayLedger
from cloud.ledger.held.days import DayRefused, DaySum, decode
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.shown.campus_days import DayState, day_states, statement_now
from cloud.ledger.records.values import Now
from shared.errors import RuleBroken
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

DAY = c.T0 // c.DAY_S
LATER = Now(c.NOW.unix_ms + c.DAY_S * 1000, c.NOW.campus_s + c.DAY_S)
SOLD = DaySum("canteen-1", "一楼大伙", 2, 1000, 0, 0, 0)


@pytest.fixture
def days(opened: OpenedLedger, ledger: Ledger, box: Box) -> Iterator[DayLedger]:
    box.send(*(c.stored(c.purchase(n, c.card(n), 1, 500, c.OPENING)) for n in (1, 2)))
    yield DayLedger(opened)
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken


def heard(ledger: Ledger, last: int = 2, now: Now = LATER) -> None:
    """pos-01, this morning. last: its newest record."""
    said = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 0, last, 0, 0),), 1, 1, 100, True, 1, 1)
    ledger.store_status(c.BOX, said, now.unix_ms)


def state(opened: OpenedLedger, day: int = DAY, now: Now = LATER) -> DayState:
    with opened.database.reading():
        (found,) = day_states(opened.database, day, day, now)
    return found


def test_a_day_that_lacks_nothing_is_closed_by_one_person(
    opened: OpenedLedger, ledger: Ledger, days: DayLedger
) -> None:
    heard(ledger)
    made = days.close(DAY, "王芳", LATER)
    assert (made.statement.sums, made.checker, made.statement.is_whole) == ((SOLD,), "", True)
    found = state(opened)
    assert found.closed is not None
    assert (found.closed.maker, found.closed.statement, found.late) == ("王芳", made.statement, ())
    assert made.statement.link[0] > 0
    assert [one[1] for one in made.statement.chains]
    assert days.close(DAY, "王芳", LATER).at_ms == made.at_ms
    with pytest.raises(DayRefused, match="已由 王芳 日结"):
        days.close(DAY, "李明", LATER)
    assert c.facts(ledger, "day-closed")[-1]["who"] == "王芳"


def test_a_day_that_is_not_over_is_not_closed(ledger: Ledger, days: DayLedger) -> None:
    heard(ledger)
    for day in (DAY + 1, DAY + 2, 0, -1):
        with pytest.raises(DayRefused, match="还没有结束"):
            days.close(day, "王芳", LATER)


def test_a_silent_terminal_is_a_gap_and_so_is_one_that_owes(
    opened: OpenedLedger, ledger: Ledger, days: DayLedger
) -> None:
    with pytest.raises(DayRefused, match="pos-01"):
        days.close(DAY, "王芳", LATER)
    assert state(opened).gaps[0].silent
    heard(ledger, last=5)
    with pytest.raises(DayRefused, match="pos-01"):
        days.close(DAY, "王芳", LATER)
    (gap,) = state(opened).gaps
    assert (gap.name, gap.records, gap.ranges, gap.silent) == ("pos-01", 3, ((3, 5),), False)
    assert state(opened).closed is None


def test_two_persons_close_it_with_its_gaps_by_name(opened: OpenedLedger, ledger: Ledger, days: DayLedger) -> None:
    heard(ledger, last=3)
    made = days.propose(DAY, "王芳", "3号机已报修", LATER)
    assert decode(made.document).gaps[0].ranges == ((3, 3),)
    assert days.propose(DAY, "王芳", "再说一次", LATER).number == made.number
    with pytest.raises(DayRefused, match="已由 王芳 提议"):
        days.propose(DAY, "李明", "我也", LATER)
    with pytest.raises(ProposalRefused):
        days.confirm(made.number, "王芳", LATER)
    assert state(opened).closed is None
    days.confirm(made.number, "李明", LATER)
    said = state(opened).closed
    assert said is not None
    assert (said.maker, said.checker, [one.name for one in said.statement.gaps]) == ("王芳", "李明", ["pos-01"])
    assert days.confirm(made.number, "李明", LATER).again


def test_a_gap_that_nobody_named_is_not_confirmed(
    opened: OpenedLedger, ledger: Ledger, box: Box, days: DayLedger
) -> None:
    heard(ledger, last=3)
    made = days.propose(DAY, "王芳", "报修", LATER)
    box.send(c.stored(c.purchase(1, c.card(3), 1, 100, c.OPENING, at=c.POS2), c.POS2))
    with pytest.raises(DayRefused, match="pos-02"):
        days.confirm(made.number, "李明", LATER)
    assert state(opened).closed is None
    days.reject(made.number, "李明", "先等2号机", LATER)
    assert state(opened).proposal is None


def test_a_gap_that_has_closed_meanwhile_is_not_in_what_is_kept(
    opened: OpenedLedger, ledger: Ledger, box: Box, days: DayLedger
) -> None:
    heard(ledger, last=3)
    made = days.propose(DAY, "王芳", "报修", LATER)
    box.send(c.stored(c.purchase(3, c.card(3), 1, 100, c.OPENING)))
    heard(ledger, last=3)
    days.confirm(made.number, "李明", LATER)
    said = state(opened).closed
    assert said is not None
    assert (said.checker, said.statement.is_whole, said.statement.sums[0].sales) == ("李明", True, 3)


def test_what_comes_afterwards_is_late_and_the_statement_stays(
    opened: OpenedLedger, ledger: Ledger, box: Box, days: DayLedger
) -> None:
    heard(ledger)
    made = days.close(DAY, "王芳", LATER)
    box.send(c.stored(c.purchase(3, c.card(3), 1, 700, c.OPENING)))
    found = state(opened)
    assert found.closed is not None
    assert found.closed.statement == made.statement
    assert found.late == (DaySum("canteen-1", "一楼大伙", 1, 700, 0, 0, 0),)
    assert found.sums == (SOLD._replace(sales=3, gross_fen=1700),)


def test_nobody_edits_it(opened: OpenedLedger, ledger: Ledger, days: DayLedger) -> None:
    heard(ledger)
    days.close(DAY, "王芳", LATER)
    for sql in ("UPDATE day_close SET maker = 'x'", "DELETE FROM day_close"):
        with pytest.raises(RuleBroken), opened.database.writing():
            opened.database.run(sql)


@pytest.mark.parametrize("gaps", [True, False])
def test_a_statement_that_was_forged_is_found(opened: OpenedLedger, ledger: Ledger, box: Box, gaps: bool) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 1, 500, c.OPENING)))
    with opened.database.reading():
        said = statement_now(opened.database, DAY, LATER)
    forged = said if gaps else said._replace(sums=(SOLD,), gaps=())
    with opened.database.writing():
        row = (DAY, forged.last_entry, "王芳", "", 0, forged.encode())
        opened.database.insert("day_close", "day, last_entry, maker, checker, at_ms, document", [row])
    broken = {one.name: one.broken for one in verify(ledger, c.check_tac).checks}
    assert ("nobody else has confirmed" if gaps else "not those of the books") in broken["days"]
    assert "day" in broken["book-chain"]
