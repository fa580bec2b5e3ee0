"""The office: bodies, lines and numbers belong to one lease at most, and the stock's sum is always right."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.issue.office import LEASE_MAX, Office, spares
from provisioning.issue.production import Run, Span, Step, advanced
from shared.errors import ConfigFault, RuleBroken

WHO = "王"


def opened(lines=40, blanks=100, first_number=7):
    office = Office(first_number)
    office.apply(office.receive(Span(1, blanks), WHO, 1))
    office.apply(office.start("b", lines, "aa", WHO, 1))
    return office


def take(office, machine, most=10):
    lease, row = office.lease("b", machine, 1, most, WHO, 2)
    office.apply(row)
    return lease


def made(lease, outcomes):
    """A run with one attempt per outcome: True = done, False = spoiled."""
    run = Run(lease)
    for blank, good in enumerate(outcomes, lease.blanks.first):
        attempt = run.reserve(blank, 1)
        run.apply(attempt)
        for step in (Step.WRITTEN, Step.CHECKED, Step.DONE) if good else (Step.SPOILED,):
            run.apply(advanced(attempt, step, 1))
            run.see()
    return run


def test_three_machines_at_once_share_nothing():
    office = opened()
    leases = [take(office, machine) for machine in ("m1", "m2", "m3")]
    assert [lease.lines for lease in leases] == [Span(1, 10), Span(11, 20), Span(21, 30)]
    assert [lease.numbers for lease in leases] == [Span(7, 19), Span(20, 32), Span(33, 45)]
    assert [lease.blanks for lease in leases] == [Span(1, 13), Span(14, 26), Span(27, 39)]
    assert office.sheet() == (100, 0, 0, 61, 39)
    assert office.sheet().difference == 0


def test_what_comes_back_is_free_again_except_numbers():
    office = opened()
    lease = take(office, "m1")
    office.apply(office.take_back(made(lease, [True, False, True]), WHO, 3))
    batch = office.batches["b"]
    assert (batch.issued, batch.spoiled, len(batch.free)) == (2, 1, 38)
    assert office.sheet() == (100, 2, 1, 97, 0)
    again = take(office, "m1")
    assert again.lines == Span(3, 12)
    assert again.numbers.first == lease.numbers.last + 1
    assert again.blanks.first == 4


def test_a_lost_journal_wastes_its_bodies_and_wants_its_lines_again():
    office = opened()
    lease = take(office, "m1")
    office.apply(office.write_off(lease.lease, WHO, 3))
    assert office.sheet() == (100, 0, 13, 87, 0)
    assert take(office, "m1").lines == lease.lines


@settings(max_examples=80)
@given(st.data())
def test_whatever_happens_nothing_is_given_twice_and_the_sum_is_right(data):
    office, rows = Office(5), []
    out, numbers, cards = {}, set(), {}

    def apply(row):
        rows.append(row)
        office.apply(row)

    apply(office.receive(Span(1, 60), WHO, 1))
    apply(office.start("b", 30, "aa", WHO, 1))
    for _ in range(data.draw(st.integers(1, 12))):
        machine = data.draw(st.sampled_from(["m1", "m2", "m3"]))
        if machine in out:
            lease = out.pop(machine)
            cut = data.draw(st.lists(st.booleans(), max_size=lease.numbers.size))
            good = [n for n, one in enumerate(cut) if one][: lease.lines.size]
            run = made(lease, cut[: good[-1] + 1] if good else [])
            cards |= {one.line: one.number for one in run.done if one.line not in cards}
            assert all(cards[one.line] == one.number for one in run.done)
            apply(office.take_back(run, WHO, 2))
        elif office.batches["b"].free and office.sheet().left:
            lease, row = office.lease("b", machine, 1, data.draw(st.integers(1, 12)), WHO, 2)
            mine = set(range(lease.numbers.first, lease.numbers.last + 1))
            assert not mine & numbers
            numbers |= mine
            out[machine] = lease
            apply(row)
        assert office.sheet().difference == 0
    assert office.batches["b"].issued == len(cards)
    assert Office.of_rows(rows, 5).sheet() == office.sheet()


def test_a_count_says_the_difference():
    office = opened(blanks=20)
    row = office.count(19, WHO, 4)
    assert row["difference"] == -1
    office.apply(row)
    assert office.sheet().left == 20
    office.apply(office.spoil(20, WHO, "掉在地上", 5))
    assert office.sheet() == (20, 0, 1, 19, 0)


def test_the_sum_would_show_a_body_that_vanished():
    office = opened()
    office._left.discard(50)
    assert office.sheet().difference == 1


def test_refusals():
    office = opened(lines=5, blanks=10)
    with pytest.raises(ConfigFault, match="其中有号码已入过库"):
        office.receive(Span(10, 12), WHO, 1)
    with pytest.raises(ConfigFault, match="空白卡号段不对"):
        office.receive(Span(5, 4), WHO, 1)
    with pytest.raises(ConfigFault, match="批次已有"):
        office.start("b", 5, "aa", WHO, 1)
    with pytest.raises(ConfigFault, match="没有此批次"):
        office.lease("c", "m1", 1, 5, WHO, 1)
    lease = take(office, "m1")
    with pytest.raises(ConfigFault, match="先交回手上的一段"):
        office.lease("b", "m1", 1, 5, WHO, 1)
    with pytest.raises(ConfigFault, match="没有待制的行"):
        office.lease("b", "m2", 1, 5, WHO, 1)
    run = Run(lease)
    run.apply(run.reserve(lease.blanks.first, 1))
    with pytest.raises(ConfigFault, match="未完成"):
        office.take_back(run, WHO, 1)
    office.apply(office.take_back(made(lease, [True]), WHO, 1))
    with pytest.raises(ConfigFault, match="不在外"):
        office.take_back(made(lease, [True]), WHO, 1)
    with pytest.raises(ConfigFault, match="不在库"):
        office.spoil(99, WHO, "", 1)
    with pytest.raises(RuleBroken):
        office.apply({"row": "later"})
    with pytest.raises(RuleBroken, match="不在库"):
        office.apply(lease.to_row())


def test_no_body_no_lease():
    office = Office()
    office.apply(office.start("b", 5, "aa", WHO, 1))
    with pytest.raises(ConfigFault, match="没有空白卡"):
        office.lease("b", "m1", 1, 5, WHO, 1)


def test_bounds():
    office = opened(lines=2000, blanks=2000)
    lease = take(office, "m1", 1800)
    assert lease.lines.size == LEASE_MAX
    assert lease.blanks.size == LEASE_MAX + spares(LEASE_MAX) == 525
