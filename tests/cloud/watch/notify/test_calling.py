"""Who is told and when: a moment's wait, escalation, nights, measure and digest, and the end of a call."""

from dataclasses import replace

from cloud.watch.alarms import states
from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.states import Alarm
from cloud.watch.alarms.terms import Family, Kind, Source
from cloud.watch.alarms.watching import Key
from cloud.watch.notify.calling import SETTLE_MS, TAKEN_MS, WINDOW_MS, Calling, Time
from cloud.watch.notify.duty import Rota, Shift
from cloud.watch.notify.routes import DUTY, Measure, Policy, Route, Step
from cloud.watch.notify.terms import Channel, Notice, Why
from shared.facts.told import Level
from shared.words.voice import Text

RULES = {"r": FactRule("r", Family.OFFLINE, frozenset({"c"}), Advice(*(Text("甲", "a"),) * 4))}
BOX = Key("r", Source(Kind.BOX, "b1"))
EVERY_DAY = frozenset(range(7))
MAIL = (Channel.MAIL,)
NOON_S, LATE_S = 12 * 3600, 23 * 3600
FIRST, THEN = Step(0, ("王芳",), MAIL), Step(900, ("主任",), (Channel.SMS, Channel.MAIL))


def alarm(grade: Level = Level.IMPORTANT, since_ms: int = 0) -> Alarm:
    return states.raised(None, since_ms, grade)[0]


class Desk:
    """A calling and its time."""

    def __init__(self, *steps: Step, start_s: int = NOON_S, **fields: object) -> None:
        route = Route("all", steps or (FIRST, THEN), **fields)  # type: ignore[arg-type]
        self.policy = Policy((route,), Rota((Shift("白班", 7 * 3600, 22 * 3600, EVERY_DAY, ("李明",)),)))
        self.calling, self.alarms, self.start_s = Calling(), {BOX: alarm()}, start_s

    def at(self, ms: int) -> list[tuple[str, Channel, Why]]:
        found = self.notices(ms)
        return [(one.person, one.channel, one.why) for one in found]

    def notices(self, ms: int) -> list[Notice]:
        return self.calling.turn(self.alarms, RULES, self.policy, Time(ms, self.start_s + ms // 1000))


def test_an_alarm_is_told_once_after_a_moment() -> None:
    desk = Desk()
    assert desk.at(0) == []
    assert desk.at(SETTLE_MS - 1) == []
    assert desk.at(SETTLE_MS) == [("王芳", Channel.MAIL, Why.CALL)]
    assert desk.at(SETTLE_MS + 60_000) == []


def test_what_is_explained_by_then_is_not_told() -> None:
    desk = Desk()
    desk.at(0)
    desk.alarms[BOX] = states.suppressed(alarm(), "box-silent box:b1")[0]
    assert desk.at(SETTLE_MS) == []
    assert desk.calling.calls == {}


def test_nobody_answers_so_it_goes_up() -> None:
    desk = Desk()
    desk.at(0)
    desk.at(SETTLE_MS)
    assert desk.at(899_999) == []
    assert desk.at(900_000) == [("主任", Channel.SMS, Why.ESCALATION), ("主任", Channel.MAIL, Why.ESCALATION)]
    assert desk.at(10**8) == []


def test_an_acknowledgement_ends_it_quietly_and_a_return_is_told_to_those_who_were() -> None:
    desk = Desk()
    desk.at(0)
    desk.at(SETTLE_MS)
    seen = states.acknowledged(desk.alarms[BOX], "王芳", "")[0]
    desk.alarms[BOX] = seen
    assert desk.at(10_000) == []
    desk.alarms = {BOX: alarm(since_ms=20_000)}
    desk.at(20_000)
    desk.at(20_000 + SETTLE_MS)
    desk.alarms = {BOX: states.returned(desk.alarms[BOX], 30_000)[0]}
    assert desk.at(31_000) == [("王芳", Channel.MAIL, Why.RETURNED)]


def test_what_is_explained_meanwhile_is_not_told_to_be_over() -> None:
    desk = Desk()
    desk.at(0)
    desk.at(SETTLE_MS)
    hidden = states.suppressed(desk.alarms[BOX], "box-silent box:b1")[0]
    desk.alarms[BOX] = replace(states.returned(hidden, 8000)[0], shelved_until_ms=10**9)
    assert desk.at(10_000) == []


def test_what_was_never_told_is_not_told_to_be_over() -> None:
    desk = Desk()
    desk.at(0)
    desk.alarms = {}
    assert desk.at(1000) == []


def test_somebody_who_is_on_it_pauses_escalation_for_a_while() -> None:
    desk = Desk()
    desk.at(0)
    desk.at(SETTLE_MS)
    desk.alarms[BOX] = states.taken(desk.alarms[BOX], "王芳")[0]
    desk.at(600_000)
    assert desk.at(900_000) == []
    assert [why for *_, why in desk.at(600_000 + TAKEN_MS)] == [Why.ESCALATION] * 2


def test_somebody_who_takes_it_when_all_were_told_pauses_nothing_more() -> None:
    desk = Desk(FIRST)
    desk.at(0)
    desk.at(SETTLE_MS)
    desk.alarms[BOX] = states.taken(desk.alarms[BOX], "王芳")[0]
    assert desk.at(600_000) == []
    assert desk.at(600_000 + 2 * TAKEN_MS) == []


def test_what_worsens_is_told_anew() -> None:
    desk = Desk()
    desk.at(0)
    desk.at(SETTLE_MS)
    desk.alarms[BOX] = replace(desk.alarms[BOX], grade=Level.URGENT)
    desk.at(20_000)
    assert desk.at(20_000 + SETTLE_MS) == [("王芳", Channel.MAIL, Why.CALL)]


def test_nobody_is_woken_but_for_what_wakes() -> None:
    desk = Desk(start_s=LATE_S)
    desk.at(0)
    assert desk.at(SETTLE_MS) == []
    morning_ms = (7 * 3600 + 1800) * 1000
    assert desk.at(morning_ms - 1) == []
    assert desk.at(morning_ms) == [("王芳", Channel.MAIL, Why.CALL)]
    waking = Desk(start_s=LATE_S, wakes=True)
    waking.at(0)
    assert waking.at(SETTLE_MS) == [("王芳", Channel.MAIL, Why.CALL)]


def test_who_hears_of_it_in_the_morning_has_his_time_before_it_goes_up() -> None:
    desk = Desk(start_s=LATE_S)
    desk.at(0)
    morning_ms = (7 * 3600 + 1800) * 1000
    assert desk.at(morning_ms) == [("王芳", Channel.MAIL, Why.CALL)]
    assert desk.at(morning_ms + 1000) == []
    assert desk.at(morning_ms + 900_000 - SETTLE_MS - 1) == []
    assert [why for *_, why in desk.at(morning_ms + 900_000)] == [Why.ESCALATION] * 2


def test_what_is_over_before_the_morning_is_not_told_at_all() -> None:
    desk = Desk(start_s=LATE_S)
    desk.at(0)
    desk.at(SETTLE_MS)
    desk.alarms = {BOX: states.returned(desk.alarms[BOX], 60_000)[0]}
    assert desk.at(8 * 3600 * 1000) == []


def test_duty_is_whoever_has_it_at_that_moment() -> None:
    desk = Desk(Step(0, (DUTY,), MAIL))
    desk.at(0)
    assert desk.at(SETTLE_MS) == [("李明", Channel.MAIL, Why.CALL)]
    night = Desk(Step(0, (DUTY,), MAIL), start_s=LATE_S, wakes=True)
    night.at(0)
    assert night.at(SETTLE_MS) == []
    assert night.calling.nobody == 1, "nobody on duty is told, not hidden"


def test_what_comes_together_is_one_message() -> None:
    desk = Desk()
    desk.alarms = {Key("r", Source(Kind.BOX, f"b{n}")): alarm() for n in range(40)}
    desk.at(0)
    (notice,) = desk.notices(SETTLE_MS)
    assert len(notice.keys) == 40


def test_beyond_his_measure_a_person_gets_one_digest_and_nothing_is_lost() -> None:
    desk = Desk(FIRST)
    told: list[Notice] = []
    for n in range(30):
        desk.alarms[Key("r", Source(Kind.BOX, f"c{n}"))] = alarm()
        told += desk.notices(n * 10_000)
    for ms in range(300_000, 300_000 + 2 * WINDOW_MS, 10_000):
        told += desk.notices(ms)
    assert [one.why for one in told].count(Why.CALL) == desk.policy.per_ten_minutes
    assert [one.why for one in told].count(Why.DIGEST) == 1
    assert {key for one in told for key in one.keys} == set(desk.alarms)


def test_a_route_takes_its_own() -> None:
    desk = Desk(families=frozenset({Family.LEDGER}))
    desk.at(0)
    assert desk.at(SETTLE_MS) == []
    desk = Desk(sources=("box:b1", "terminal:*"), grades=frozenset({Level.IMPORTANT}))
    desk.at(0)
    assert len(desk.at(SETTLE_MS)) == 1


def test_a_route_that_is_taken_away_ends_its_calls() -> None:
    desk = Desk()
    desk.at(0)
    desk.at(SETTLE_MS)
    desk.policy = Policy()
    assert desk.at(900_000) == []
    assert desk.calling.calls == {}


def test_a_night_shift_reaches_over_midnight_and_a_swap_is_one_days() -> None:
    night = Shift("夜班", 22 * 3600, 30 * 3600, EVERY_DAY, ("甲", "乙"), in_turn=True)
    rota = Rota((night,), {(1, "甲"): "丙"})
    day = 86_400
    assert rota.on(day + 23 * 3600) == ("丙",)
    assert rota.on(2 * day + 5 * 3600) == ("丙",), "it is still the shift of the day before"
    assert rota.on(2 * day + 23 * 3600) == ("乙",), "a new week begins on Monday"
    assert rota.on(day + 12 * 3600) == ()


QUIET = {"王芳": Measure(2, 12 * 3600, 13 * 3600)}


def test_in_his_quiet_hours_nothing_that_does_not_wake_reaches_a_person_and_it_comes_together_afterwards() -> None:
    desk = Desk(FIRST)
    desk.policy = replace(desk.policy, measures=QUIET)
    desk.at(0)
    assert desk.at(SETTLE_MS) == []
    assert desk.at(3_599_000) == []
    assert desk.at(3_600_000) == [("王芳", Channel.MAIL, Why.DIGEST)]
    assert desk.at(3_700_000) == []


def test_what_wakes_reaches_him_all_the_same() -> None:
    desk = Desk(FIRST, wakes=True)
    desk.policy = replace(desk.policy, measures=QUIET)
    desk.at(0)
    assert desk.at(SETTLE_MS) == [("王芳", Channel.MAIL, Why.CALL)]
