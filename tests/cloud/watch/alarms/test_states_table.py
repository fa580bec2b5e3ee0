"""The states of an alarm against the table of IEC 62682, whole: every alarm that there can be, under every deed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from cloud.watch.alarms import states
from cloud.watch.alarms.states import Alarm, Deed, State, Step
from shared.facts.told import Level

NOW, HOUR = 10_000_000, 3_600_000
QUIET = (State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE)
U, A, R, N = State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED, State.NORMAL
TABLE: dict[tuple[State, Deed], State] = {
    (U, Deed.WORSENED): U, (A, Deed.WORSENED): U, (R, Deed.RAISED): U, (N, Deed.RAISED): U,
    (U, Deed.RETURNED): R, (A, Deed.RETURNED): N, (U, Deed.ACKNOWLEDGED): A, (R, Deed.ACKNOWLEDGED): N,
    (A, Deed.EXPIRED): U, (U, Deed.TAKEN): U, (U, Deed.ASSIGNED): U,
    (N, Deed.ASSIGNED): N, (A, Deed.ASSIGNED): A, (R, Deed.ASSIGNED): R,
}  # fmt: skip
"""What a plain alarm becomes: nothing keeps it quiet, before or after. What is not here does not happen."""
STEPS: dict[str, Callable[[Alarm], Step]] = {
    "raised": lambda one: states.raised(one, NOW, Level.GENERAL),
    "raised worse": lambda one: states.raised(one, NOW, Level.URGENT),
    "returned": lambda one: states.returned(one, NOW),
    "time": lambda one: states.at(one, NOW),
    "later": lambda one: states.at(one, NOW + 2 * HOUR),
    "acknowledged": lambda one: states.acknowledged(one, "王芳", "去看"),
    "for an hour": lambda one: states.acknowledged(one, "王芳", "去看", NOW + HOUR),
    "taken": lambda one: states.taken(one, "王芳"),
    "shelved": lambda one: states.shelved(one, "王芳", "换线", NOW, NOW + HOUR),
    "unshelved": states.unshelved,
    "suppressed": lambda one: states.suppressed(one, "box-silent box:b1"),
    "explained no more": lambda one: states.suppressed(one, ""),
    "stopped": lambda one: states.stopped(one, "王芳", "拆"),
    "started": states.started,
    "assigned": lambda one: states.assigned(one, "李明"),
}


def alarms() -> Iterator[Alarm]:
    """Every one that there can be."""
    bits = (False, True)
    for grade, active, acked, expires, taken, shelved, hidden, stopped in product(Level, *[bits] * 7):
        if (expires and not acked) or (taken and (acked or not active)):
            continue
        yield Alarm(
            grade, is_active=active, is_acked=acked, since_ms=1, last_ms=1, returned_ms=0 if active else 2,
            acked_by="王芳" if acked else "", ack_until_ms=NOW + HOUR if expires else 0,
            taken_by="李明" if taken else "",
            shelved_by="王芳" if shelved else "", shelved_until_ms=NOW + HOUR if shelved else 0,
            suppressed_by="work 1" if hidden else "", stopped_by="王芳" if stopped else "",
        )  # fmt: skip


def is_plain(alarm: Alarm) -> bool:
    return not (alarm.shelved_until_ms or alarm.suppressed_by or alarm.stopped_by)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_plain_alarm_follows_the_table(step: Callable[[Alarm], Step]) -> None:
    for alarm in filter(is_plain, alarms()):
        after, deed = step(alarm)
        if deed is None:
            assert after.state is alarm.state
        elif is_plain(after):
            assert TABLE[alarm.state, deed] is after.state, (alarm, deed)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_what_keeps_it_quiet_changes_nothing_of_what_it_is(step: Callable[[Alarm], Step]) -> None:
    """Kept on, as if nothing kept it quiet; but what is over and was explained wants nobody."""
    for alarm in alarms():
        after, deed = step(alarm)
        bare = replace(alarm, shelved_by="", shelved_until_ms=0, suppressed_by="", stopped_by="")
        if deed in (Deed.SHELVED, Deed.UNSHELVED, Deed.SUPPRESSED, Deed.UNSUPPRESSED, Deed.STOPPED, Deed.STARTED):
            assert (after.is_active, after.is_acked, after.grade) == (alarm.is_active, alarm.is_acked, alarm.grade)
        elif deed is not None and not (deed is Deed.RETURNED and alarm.suppressed_by):
            expected, said = step(bare)
            assert (said, expected.is_active, expected.is_acked) == (deed, after.is_active, after.is_acked)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_of_every_alarm_after_every_deed(step: Callable[[Alarm], Step]) -> None:
    for alarm in alarms():
        after, deed = step(alarm)
        assert after.calls == (after.state is U and after.grade is not Level.NOTICE)
        assert (after.state in QUIET) == bool(
            after.stopped_by or ((after.suppressed_by or after.shelved_until_ms) and after.state is not N)
        )
        assert not after.taken_by or alarm.taken_by or (deed is Deed.TAKEN and alarm.is_active and not alarm.is_acked)
        assert not after.ack_until_ms or after.is_acked
        assert bool(after.shelved_by) == bool(after.shelved_until_ms)
        assert deed is not None or (after == alarm or step is STEPS["raised"] or step is STEPS["raised worse"])
        assert after.is_acked <= bool(after.acked_by or alarm.suppressed_by)


@pytest.mark.parametrize("seed", range(60))
def test_of_any_sequence_everything_has_an_event_and_time_ends_shelves(seed: int) -> None:
    chance = Random(seed)
    alarm, _ = states.raised(None, 1, Level.GENERAL)
    for _ in range(80):
        after, deed = chance.choice(list(STEPS.values()))(alarm)
        assert (after.state is alarm.state) or deed is not None
        assert (after.acked_by == alarm.acked_by) or deed in (
            Deed.ACKNOWLEDGED, Deed.WORSENED, Deed.RAISED, Deed.EXPIRED
        )  # fmt: skip
        alarm = after
    deed = Deed.RAISED
    while deed is not None:
        alarm, deed = states.at(alarm, NOW + 99 * HOUR)
    assert not alarm.shelved_until_ms
    assert not (alarm.is_active and alarm.ack_until_ms)
