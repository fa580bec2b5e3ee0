"""A machine's lease as a state machine: bindings never shift, numbers and bodies are used once, breaks are taken up."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.issue.production import SPOILED_IN_ROW_MAX, Lease, Run, Span, Step, Stopped, advanced, seen_row
from provisioning.issue.work import Body, CardSpoiled, Condition, Machine
from shared.errors import RuleBroken

LEASE = Lease(1, "b", "m1", 1, Span(11, 20), Span(501, 540), Span(9001, 9040))


@dataclass
class World:
    """Bodies on a desk: what each is, whether it will take a write, and what was written to it."""

    bad: frozenset[int] = frozenset()
    written: dict[int, tuple[int, int]] = field(default_factory=dict)
    half: set[int] = field(default_factory=set)
    at: int = 9000

    def present(self, blank):
        if blank is None:
            self.at += 1
            blank = self.at
        return Body(blank, blank) if blank in LEASE.blanks else None

    def condition(self, card, attempt):
        if card in self.half:
            return Condition.HALF
        if card not in self.written:
            return Condition.BLANK
        return Condition.WHOLE if self.written[card] == (attempt.line, attempt.number) else Condition.HALF

    def write(self, card, attempt):
        if card in self.bad:
            self.half.add(card)
            raise CardSpoiled("bad body")
        self.written[card] = (attempt.line, attempt.number)

    def check(self, card, attempt):
        if self.written.get(card) != (attempt.line, attempt.number):
            raise CardSpoiled("reads back wrong")


class Killed(Exception):
    """The process ended."""


class Log(list):
    """Rows that are durable; the process may be killed before or after any of them."""

    kill_at = -1
    after = False

    def append(self, *rows):
        self.kill_at -= 1
        if self.kill_at == 0 and not self.after:
            raise Killed
        self.extend(rows)
        if self.kill_at == 0:
            raise Killed


def machine(world, log):
    return Machine(Run.of_rows(log), log, world, world, lambda: 77)


def new_log():
    log = Log()
    log.extend([LEASE.to_row()])
    return log


def require_sound(log, world):
    run = Run.of_rows(log)
    numbers = [one.number for one in run.attempts]
    blanks = [one.blank for one in run.attempts]
    assert len(set(numbers)) == len(numbers)
    assert len(set(blanks)) == len(blanks)
    assert [one.line for one in run.done] == list(range(LEASE.lines.first, LEASE.lines.first + len(run.done)))
    assert all(world.written[one.blank] == (one.line, one.number) for one in run.done)
    assert len(run.done) + len(run.spoiled) + (run.open is not None) == len(run.attempts)


def test_rows_read_again_as_the_same_run():
    world, log = World(), new_log()
    list(machine(world, log).work(100))
    run = Run.of_rows(log)
    assert run.is_finished
    assert Lease.of_row(LEASE.to_row()) == LEASE
    assert [row["row"] for row in log[1:5]] == ["reserved", "written", "checked", "done"]
    require_sound(log, world)


def test_one_reject_never_shifts_the_rest():
    good, bad = new_log(), new_log()
    list(machine(World(), good).work(100))
    world = World(bad=frozenset({9003}))
    list(machine(world, bad).work(100))
    assert [one.line for one in Run.of_rows(good).done] == [one.line for one in Run.of_rows(bad).done]
    third = Run.of_rows(bad).done[2]
    assert (third.line, third.number, third.blank) == (13, 504, 9004)
    assert [(one.line, one.number, one.reason) for one in Run.of_rows(bad).spoiled] == [(13, 503, "bad body")]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=12),
    st.frozensets(st.integers(9001, 9012), max_size=2),
)
def test_killed_anywhere_and_taken_up_again(kills, bad):
    world, log = World(bad), new_log()
    for kill_at, after in kills:
        log.kill_at, log.after = kill_at + 1, after
        try:
            list(machine(world, log).work(100))
        except Killed:
            world.at = max([9000, *(one.blank for one in Run.of_rows(log).attempts)])
        require_sound(log, world)
    log.kill_at = -1
    list(machine(world, log).work(100))
    assert Run.of_rows(log).is_finished
    assert Run.of_rows(log).open is None
    require_sound(log, world)


@pytest.mark.parametrize("step", [Step.RESERVED, Step.WRITTEN, Step.CHECKED])
def test_a_body_that_is_half_after_a_break_is_waste_and_the_line_stays(step):
    world, log = World(), new_log()
    world.at = 9001
    attempt = Run.of_rows(log).reserve(9001, 1)
    for now in (Step.RESERVED, Step.WRITTEN, Step.CHECKED):
        log.append(advanced(attempt, now, 1).to_row())
        if now is step:
            break
    world.half.add(9001)
    outcome, following = machine(world, log).work(2)
    assert (outcome.step, outcome.line) == (Step.SPOILED, 11)
    assert (following.step, following.line, following.number) == (Step.DONE, 11, 502)


def test_a_written_row_with_a_blank_body_is_waste():
    world, log = World(), new_log()
    attempt = Run.of_rows(log).reserve(9001, 1)
    log.append(attempt.to_row(), advanced(attempt, Step.WRITTEN, 1).to_row())
    (outcome,) = machine(world, log).work(1)
    assert outcome.step is Step.SPOILED


def test_another_body_while_one_is_unfinished_stops():
    world, log = World(), new_log()
    log.append(Run.of_rows(log).reserve(9040, 1).to_row())
    world.present = lambda _: Body(9002, 9002)
    working = machine(world, log)
    with pytest.raises(Stopped, match="9040"):
        list(working.work(1))
    assert working.give_up("lost").step is Step.SPOILED
    with pytest.raises(Stopped):
        working.give_up("again")


def test_spoiled_in_a_row_stop_until_somebody_looked():
    world, log = World(frozenset(range(9001, 9001 + SPOILED_IN_ROW_MAX))), new_log()
    with pytest.raises(Stopped, match="检查设备"):
        list(machine(world, log).work(100))
    assert len(Run.of_rows(log).spoiled) == SPOILED_IN_ROW_MAX
    log.append(seen_row("王", 5))
    list(machine(world, log).work(100))
    assert Run.of_rows(log).is_finished


def test_numbers_end():
    lease = Lease(1, "b", "m1", 1, Span(1, 5), Span(1, 2), Span(9001, 9005))
    run = Run(lease)
    for blank in (9001, 9002):
        attempt = run.reserve(blank, 1)
        run.apply(attempt)
        run.apply(advanced(attempt, Step.SPOILED, 1, "x"))
    with pytest.raises(Stopped, match="卡号已用完：交回本段，另领一段"):
        run.reserve(9003, 1)


@pytest.mark.parametrize(
    "steps", [[Step.CHECKED], [Step.DONE], [Step.WRITTEN, Step.WRITTEN], [Step.WRITTEN, Step.DONE]]
)
def test_rows_out_of_order_are_refused(steps):
    run = Run(LEASE)
    attempt = run.reserve(9001, 1)
    run.apply(attempt)

    def follow():
        for step in steps:
            run.apply(advanced(attempt, step, 1))

    with pytest.raises(RuleBroken):
        follow()


def test_a_body_or_number_is_never_used_again():
    run = Run(LEASE)
    first = run.reserve(9001, 1)
    run.apply(first)
    run.apply(advanced(first, Step.SPOILED, 1))
    with pytest.raises(Stopped, match="已用过"):
        run.reserve(9001, 1)
    with pytest.raises(Stopped, match="不属于本机"):
        run.reserve(9041, 1)
    with pytest.raises(RuleBroken):
        run.apply(first)
    with pytest.raises(RuleBroken):
        run.apply(advanced(first, Step.RESERVED, 2))


@pytest.mark.parametrize("rows", [[], [{"row": "lease"}], [LEASE.to_row(), {"row": "later"}], [LEASE.to_row(), {}]])
def test_other_rows_are_refused(rows):
    with pytest.raises(RuleBroken):
        Run.of_rows(rows)


@pytest.mark.parametrize("wrong", [{"line": 9}, {"number": 900_001}, {"blank": 9041}])
def test_an_attempt_of_another_lease_is_refused(wrong):
    """Each of line, number and body must be of this lease, whatever the other two are."""
    run = Run(LEASE)
    with pytest.raises(RuleBroken, match="不能这样开始"):
        run.apply(replace(run.reserve(9001, 1), **wrong))
