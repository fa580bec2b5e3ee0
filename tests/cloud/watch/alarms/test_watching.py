"""Rules over what comes: durations, n of m, hysteresis, suppression from above, planned work, and bounds."""

import pytest

from cloud.watch.alarms import states, watching
from cloud.watch.alarms.rule import UNKNOWN, Advice, Condition, FactRule, SignalRule, When
from cloud.watch.alarms.states import Alarm, Deed, State
from cloud.watch.alarms.terms import CAMPUS, Family, Happening, Kind, Signal, Source
from cloud.watch.alarms.topology import Topology
from cloud.watch.alarms.watching import AFTERWARDS_MS, Change, Key, Memory, Watching, Window
from shared.facts.told import Level
from shared.words.voice import Text

ADVICE = Advice(*(Text("甲", "a"),) * 4)
BOX, OTHER = Source(Kind.BOX, "b1"), Source(Kind.BOX, "b2")
TILLS = [Source(Kind.TERMINAL, f"{n:02x}") for n in range(10)]


def signal_rule(**fields: object) -> SignalRule:
    base: dict[str, object] = {
        "name": "r", "family": Family.BUS, "grade": Level.IMPORTANT, "signal": "s", "kind": Kind.BOX,
        "condition": Condition(">", 70), "advice": ADVICE,
    }  # fmt: skip
    return SignalRule(**{**base, **fields})  # type: ignore[arg-type]


def fact_rule(**fields: object) -> FactRule:
    base: dict[str, object] = {"name": "f", "family": Family.ILLEGAL, "codes": frozenset({"c"}), "advice": ADVICE}
    return FactRule(**{**base, **fields})  # type: ignore[arg-type]


def fact(number: int, code: str = "c", at_ms: int = 1000, **fields: object) -> Happening:
    base: dict[str, object] = {"level": Level.URGENT, "box": "b1", "device": b"", "told": ()}
    return Happening(number, at_ms, code=code, **{**base, **fields})  # type: ignore[arg-type]


def reads(watch: Watching, *values: float | None, step: int = 1000, source: Source = BOX) -> list[Deed | None]:
    """Deeds of one reading after another, `step` ms apart, from 1 s on."""
    found: list[Change] = []
    for n, value in enumerate(values, 1):
        found += watch.read([Signal("s", source, n * step, value)], is_meal=False)
    return [change.deed for change in found]


def test_a_condition_must_hold_without_a_break() -> None:
    watch = Watching([signal_rule(for_ms=3000)])
    assert reads(watch, 71, 72, 50, 71, 72, 73) == []
    assert reads(watch, 71, 72, 73, 74, step=10_000) == [Deed.RAISED]


def test_what_is_not_known_neither_raises_nor_ends() -> None:
    watch = Watching([signal_rule(for_ms=3000)])
    assert reads(watch, 71, None, 71, 71) == []
    assert reads(watch, 71, 71, None, None, None, step=20_000) == [Deed.RAISED]
    assert watch.memory.alarms[Key("r", BOX)].is_active
    unknown = Watching([signal_rule(condition=Condition(UNKNOWN))])
    assert reads(unknown, None, None, 3) == [Deed.RAISED, Deed.RETURNED]


def test_it_ends_by_its_own_condition_after_a_while() -> None:
    watch = Watching([signal_rule(clear=Condition("<", 50), off_ms=2000)])
    assert reads(watch, 71, 60, 60, 60, 49, 51, 49, 48, 47) == [Deed.RAISED, Deed.RETURNED]
    assert watch.memory.readings == {}, "nothing is remembered of what is well"


def test_n_of_m_looks_at_the_last_m() -> None:
    watch = Watching([signal_rule(times=3, of=5)])
    assert reads(watch, 71, 1, 71, 1, 1, 1, 71, 1, 71) == []
    assert reads(watch, 71, 71) == [Deed.RAISED]


def test_a_rule_sleeps_outside_of_its_time() -> None:
    watch = Watching([signal_rule(when=When.MEALS)])
    assert watch.read([Signal("s", BOX, 1, 99)], is_meal=False) == []
    assert len(watch.read([Signal("s", BOX, 2, 99)], is_meal=True)) == 1


def test_scope_and_kind_choose_the_sources() -> None:
    watch = Watching([signal_rule(scope="b1*")])
    assert reads(watch, 99, source=OTHER) == []
    assert reads(watch, 99, source=TILLS[0]) == []
    assert reads(watch, 99) == [Deed.RAISED]


def test_a_fact_is_its_terminals_or_its_boxs_and_returns_when_it_is_quiet() -> None:
    watch = Watching([fact_rule()])
    (till,) = watch.happened([fact(1, device=b"\x01")])
    (box,) = watch.happened([fact(2)])
    assert (till.key.source, box.key.source) == (Source(Kind.TERMINAL, "01"), BOX)
    assert box.alarm.grade is Level.URGENT
    assert [change.deed for change in watch.happened([fact(3, at_ms=300_000)])] == [None]
    assert [c.key.source for c in watch.passed(601_000)] == [till.key.source]
    assert [c.key.source for c in watch.passed(900_000)] == [BOX]


def test_a_fact_may_say_that_it_is_over_and_a_case_is_not_its_code() -> None:
    watch = Watching([fact_rule(codes=frozenset({"c/a"}), over=frozenset({"d"}), quiet_ms=0)])
    assert watch.happened([fact(1, told=(("case", "b"),))]) == []
    (raised,) = watch.happened([fact(2, told=(("case", "a"),))])
    assert watch.passed(10**9) == []
    assert [c.deed for c in watch.happened([fact(3, "d", 5000)])] == [Deed.RETURNED]
    assert raised.told == (("case", "a"),)


def box_with_tills() -> Watching:
    rules = [
        signal_rule(name="box", signal="s", kind=Kind.BOX, hides=True),
        signal_rule(name="till", signal="t", kind=Kind.TERMINAL, is_hidden=True),
    ]
    return Watching(rules, topology=Topology(dict.fromkeys(TILLS, (BOX,))))


def silent(watch: Watching, at_ms: int, value: float = 99) -> list[Change]:
    return watch.read([Signal("t", till, at_ms, value) for till in TILLS], is_meal=False)


def calling(watch: Watching) -> list[Source]:
    return [key.source for key, alarm in watch.memory.alarms.items() if alarm.calls]


@pytest.mark.parametrize("box_first", [True, False])
def test_a_box_hides_its_terminals_in_either_order(box_first: bool) -> None:
    watch = box_with_tills()
    if box_first:
        reads(watch, 99)
    silent(watch, 1000)
    reads(watch, 99)
    assert calling(watch) == [BOX]
    assert watch.memory.alarms[Key("till", TILLS[3])].suppressed_by == "box box:b1"


def test_terminals_that_come_back_after_their_box_never_call() -> None:
    watch = box_with_tills()
    reads(watch, 99)
    silent(watch, 1000)
    watch.read([Signal("s", BOX, 60_000, 1)], is_meal=False)
    watch.passed(61_000)
    assert calling(watch) == [], "the box is back, its terminals come a little later"
    silent(watch, 70_000, value=0)
    assert {key.rule for key in watch.memory.alarms} == {"box"}, "only what somebody should have seen is left"


def test_terminals_that_stay_away_call_for_themselves() -> None:
    watch = box_with_tills()
    reads(watch, 99)
    silent(watch, 1000)
    watch.read([Signal("s", BOX, 60_000, 1)], is_meal=False)
    found = watch.passed(60_000 + AFTERWARDS_MS)
    assert {change.deed for change in found} == {Deed.UNSUPPRESSED}
    assert len(calling(watch)) == len(TILLS)


def test_an_alarm_that_is_out_of_service_hides_nobody() -> None:
    watch = box_with_tills()
    reads(watch, 99)
    key = Key("box", BOX)
    watch.apply(key, 1500, states.stopped(watch.memory.alarms[key], "王芳", "拆"))
    silent(watch, 90_000)
    watch.passed(200_000)
    assert len(calling(watch)) == len(TILLS)


def test_an_alarm_that_is_raised_while_out_of_service_has_hidden_nobody() -> None:
    watch = box_with_tills()
    key = Key("box", BOX)
    reads(watch, 99)
    watch.apply(key, 1500, states.stopped(watch.memory.alarms[key], "王芳", "拆"))
    watch.read([Signal("s", BOX, 60_000, 1)], is_meal=False)
    watch.passed(120_000)
    silent(watch, 121_000)
    watch.look_again(watch.memory)
    found = watch.read([Signal("s", BOX, 122_000, 99)], is_meal=False) + watch.passed(122_000)
    assert [change.deed for change in found] == [Deed.RAISED], "and nothing is hidden for a moment"


def test_a_fact_of_before_is_not_hidden_by_what_is_over() -> None:
    rules = [signal_rule(name="box", signal="s", kind=Kind.BOX, hides=True), fact_rule(is_hidden=True)]
    watch = Watching(rules, topology=Topology({TILLS[1]: (BOX,)}))
    reads(watch, 99)
    watch.read([Signal("s", BOX, 60_000, 1)], is_meal=False)
    watch.passed(60_000 + AFTERWARDS_MS)
    found = watch.happened([fact(1, at_ms=5000, device=b"\x01")], 100_000)
    assert [change.deed for change in found] == [Deed.RAISED]


def test_planned_work_suppresses_all_below_it_while_it_lasts() -> None:
    watch = box_with_tills()
    watch.memory.windows = (Window("7", BOX, 0, 100_000),)
    silent(watch, 1000)
    reads(watch, 99)
    assert {alarm.suppressed_by for alarm in watch.memory.alarms.values()} == {"work 7"}
    watch.passed(100_000)
    assert calling(watch) == [BOX], "what it hides below it stays explained by it"


def test_what_is_kept_goes_on_where_it_was() -> None:
    watch = box_with_tills()
    reads(watch, 99)
    silent(watch, 1000)
    again = box_with_tills()
    after = Watching(list(again._rules.values()), watch.memory, Topology(dict.fromkeys(TILLS, (BOX,))))
    assert calling(after) == [BOX]
    after.passed(500_000)
    assert calling(after) == [BOX]


def test_an_alarm_whose_rule_is_gone_returns() -> None:
    watch = Watching([fact_rule(quiet_ms=0)])
    watch.happened([fact(1)])
    after = Watching([], watch.memory)
    assert [change.deed for change in after.passed(2000)] == [Deed.RETURNED]


def test_alarms_are_bounded_and_what_is_turned_away_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "ALARMS_MAX", 3)
    watch = Watching([fact_rule()])
    watch.happened([fact(n, device=bytes((n,))) for n in range(9)])
    assert (len(watch.memory.alarms), watch.turned_away) == (3, 6)
    assert [c.deed for c in watch.happened([fact(9, device=b"\0")])] == [None], "what stands goes on counting"


def test_a_circle_in_the_topology_ends() -> None:
    a, b = Source(Kind.GROUP, "a"), Source(Kind.GROUP, "b")
    assert list(Topology({a: (b,), b: (a,)}).over(a)) == [b, CAMPUS]


def test_a_worse_fact_of_a_hidden_kind_is_not_lost() -> None:
    watch = Watching([fact_rule()])
    watch.happened([fact(1, level=Level.GENERAL)])
    (change,) = watch.happened([fact(2, level=Level.URGENT)])
    assert (change.deed, change.alarm.grade) == (Deed.WORSENED, Level.URGENT)
    alarm: Alarm = change.alarm
    assert alarm.state is State.UNACKNOWLEDGED


def test_what_is_well_leaves_nothing_behind() -> None:
    rules = [signal_rule(name=f"r{n}", kind=Kind.TERMINAL, condition=Condition(">", 100 + n)) for n in range(30)]
    watch = Watching(rules)
    assert watch.read([Signal("s", till, 1, 5) for till in TILLS], is_meal=False) == []
    assert (watch.memory.readings, watch.memory.alarms) == ({}, {})


def test_what_others_write_in_between_does_not_end_the_while_afterwards() -> None:
    watch = box_with_tills()
    reads(watch, 99)
    watch.read([Signal("s", BOX, 60_000, 1)], is_meal=False)
    box = watch.memory.alarms[Key("box", BOX)]
    seen = Memory({Key("box", BOX): box}, dict(watch.memory.readings))
    for memory in (seen, Memory()):
        watch.look_again(memory)
        silent(watch, 61_000)
        assert calling(watch) == []
    again = Watching(list(watch._rules.values()), seen, Topology(dict.fromkeys(TILLS, (BOX,))))
    silent(again, 61_000)
    assert calling(again) == [], "nor does a restart"


def test_what_is_over_is_not_hidden_and_an_answer_hides_nothing_anew() -> None:
    watch = box_with_tills()
    reads(watch, 99)
    silent(watch, 1000)
    watch.read([Signal("s", BOX, 60_000, 1)], is_meal=False)
    watch.passed(60_000 + AFTERWARDS_MS)
    silent(watch, 100_000, value=0)
    assert {alarm.state for alarm in watch.memory.alarms.values()} == {State.RETURNED}, "nobody has seen them"
    reads(watch, 99, step=200_000)
    assert watch.memory.alarms[Key("till", TILLS[0])].suppressed_by == "", "it is over, and explains itself"
    watch.read([Signal("s", BOX, 300_000, 1)], is_meal=False)
    watch.passed(300_000 + AFTERWARDS_MS)
    key = Key("box", BOX)
    watch.apply(key, 400_000, states.acknowledged(watch.memory.alarms[key], "王芳", ""))
    silent(watch, 400_500)
    assert len(calling(watch)) == len(TILLS)
    watch.look_again(watch.memory)
    silent(watch, 401_000)
    assert len(calling(watch)) == len(TILLS)
