"""One alarm through its states: what calls a person, what stays on the list, and what is refused."""

import random
from collections.abc import Callable

import pytest

from cloud.watch.alarms import states
from cloud.watch.alarms.states import Alarm, AlarmRefused, Deed, State, Step
from shared.facts.told import Level

HOUR = 3_600_000


def fresh(grade: Level = Level.IMPORTANT) -> Alarm:
    alarm, deed = states.raised(None, 1000, grade)
    assert deed is Deed.RAISED
    return alarm


def test_an_alarm_calls_until_somebody_acknowledges_it() -> None:
    alarm = fresh()
    assert (alarm.state, alarm.calls) == (State.UNACKNOWLEDGED, True)
    alarm, deed = states.acknowledged(alarm, "王芳", "在看")
    assert (deed, alarm.state, alarm.calls) == (Deed.ACKNOWLEDGED, State.ACKNOWLEDGED, False)
    assert states.acknowledged(alarm, "李明", "")[1] is None, "a second time is success"


def test_what_returned_unseen_stays_on_the_list() -> None:
    alarm, deed = states.returned(fresh(), 5000)
    assert (deed, alarm.state, alarm.calls) == (Deed.RETURNED, State.RETURNED, False)
    alarm, _ = states.acknowledged(alarm, "王芳", "")
    assert alarm.state is State.NORMAL
    assert states.returned(alarm, 6000) == (alarm, None)


def test_a_notice_calls_nobody() -> None:
    assert not fresh(Level.NOTICE).calls


def test_what_is_raised_again_counts_and_what_worsens_calls_again() -> None:
    alarm, _ = states.acknowledged(fresh(), "王芳", "")
    alarm, deed = states.raised(alarm, 2000, Level.GENERAL)
    assert (deed, alarm.count, alarm.grade, alarm.last_ms) == (None, 2, Level.IMPORTANT, 2000)
    alarm, deed = states.raised(alarm, 3000, Level.URGENT)
    assert (deed, alarm.grade, alarm.calls, alarm.acked_by) == (Deed.WORSENED, Level.URGENT, True, "")


def test_an_alarm_that_comes_back_begins_anew() -> None:
    alarm, _ = states.returned(states.acknowledged(fresh(), "王芳", "")[0], 2000)
    alarm, deed = states.raised(alarm, 9000, Level.GENERAL)
    assert (deed, alarm.since_ms, alarm.count, alarm.grade, alarm.calls) == (Deed.RAISED, 9000, 1, Level.GENERAL, True)


def test_an_urgent_one_wants_a_note_and_notes_are_bounded() -> None:
    for note in ("", "  ", "x" * (states.NOTE_MAX + 1)):
        with pytest.raises(AlarmRefused):
            states.acknowledged(fresh(Level.URGENT), "王芳", note)
    assert states.acknowledged(fresh(Level.URGENT), "王芳", "已到现场")[1] is Deed.ACKNOWLEDGED


def test_an_acknowledgement_may_run_out() -> None:
    alarm, _ = states.acknowledged(fresh(), "王芳", "", until_ms=2 * HOUR)
    assert states.at(alarm, 2 * HOUR - 1)[1] is None
    alarm, deed = states.at(alarm, 2 * HOUR)
    assert (deed, alarm.calls) == (Deed.EXPIRED, True)
    assert states.at(alarm, 3 * HOUR)[1] is None


def test_a_shelf_has_an_end_and_a_reason_and_keeps_the_alarm() -> None:
    alarm = fresh()
    for why, until in (("", HOUR), ("x", 1000), ("x", 1000 + states.SHELF_MAX_MS + 1)):
        with pytest.raises(AlarmRefused):
            states.shelved(alarm, "王芳", why, 1000, until)
    alarm, _ = states.shelved(alarm, "王芳", "换线", 1000, HOUR)
    assert (alarm.state, alarm.calls) == (State.SHELVED, False)
    alarm, _ = states.raised(alarm, 2000, Level.URGENT)
    assert (alarm.state, alarm.count) == (State.SHELVED, 2), "it goes on being kept"
    alarm, deed = states.at(alarm, HOUR)
    assert (deed, alarm.calls) == (Deed.UNSHELVED, True)


def test_a_shelf_outlives_the_return_of_its_alarm() -> None:
    alarm, _ = states.shelved(fresh(), "王芳", "换线", 1000, HOUR)
    alarm, _ = states.returned(states.acknowledged(alarm, "王芳", "")[0], 2000)
    assert alarm.state is State.SHELVED
    assert states.raised(alarm, 3000, Level.URGENT)[0].state is State.SHELVED


def test_what_another_one_explains_wants_nobody_once_it_is_over() -> None:
    alarm, deed = states.suppressed(fresh(), "box-silent box:canteen-1")
    assert (deed, alarm.state, alarm.calls) == (Deed.SUPPRESSED, State.SUPPRESSED, False)
    assert states.returned(alarm, 2000)[0].state is State.NORMAL
    alarm, deed = states.suppressed(alarm, "")
    assert (deed, alarm.calls) == (Deed.UNSUPPRESSED, True)


def test_out_of_service_goes_before_everything() -> None:
    with pytest.raises(AlarmRefused):
        states.stopped(fresh(), "王芳", "")
    alarm, _ = states.stopped(fresh(), "王芳", "拆除")
    alarm, _ = states.shelved(alarm, "王芳", "x", 1000, HOUR)
    assert alarm.state is State.OUT_OF_SERVICE
    assert states.started(alarm)[0].state is State.SHELVED
    assert states.stopped(alarm, "李明", "x")[1] is None


def test_taken_pauses_and_does_not_acknowledge() -> None:
    alarm, deed = states.taken(fresh(), "王芳")
    assert (deed, alarm.taken_by, alarm.is_acked) == (Deed.TAKEN, "王芳", False)
    assert states.taken(alarm, "李明") == (alarm, None)
    assert states.taken(states.returned(fresh(), 1)[0], "李明")[1] is None


def anything(alarm: Alarm, now: int, chance: random.Random) -> Alarm:
    """Whatever may happen to it."""
    steps: tuple[Callable[[], Step], ...] = (
        lambda: states.raised(alarm, now, chance.choice(list(Level))),
        lambda: states.returned(alarm, now),
        lambda: states.at(alarm, now),
        lambda: states.acknowledged(alarm, "王芳", "n", chance.choice((0, now + HOUR))),
        lambda: states.shelved(alarm, "王芳", "n", now, now + HOUR),
        lambda: states.unshelved(alarm),
        lambda: states.suppressed(alarm, chance.choice(("", "x y"))),
        lambda: states.stopped(alarm, "王芳", "n"),
        lambda: states.started(alarm),
        lambda: states.taken(alarm, "王芳"),
    )
    return chance.choice(steps)()[0]


@pytest.mark.parametrize("seed", range(40))
def test_no_order_of_deeds_makes_an_alarm_quiet_without_a_person_or_a_cause(seed: int) -> None:
    chance = random.Random(seed)
    alarm, now = fresh(Level.URGENT), 1000
    for _ in range(60):
        now += chance.randrange(1, HOUR)
        alarm = anything(alarm, now, chance)
        quiet = alarm.acked_by or alarm.shelved_by or alarm.suppressed_by or alarm.stopped_by
        assert alarm.calls == (alarm.is_active and not quiet and alarm.grade is not Level.NOTICE)
        assert not alarm.shelved_until_ms or alarm.shelved_by
