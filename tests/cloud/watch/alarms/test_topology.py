"""What stands below what: a cut hides what is behind it and nothing else; what is read from what is away is unknown."""

from dataclasses import replace

from cloud.watch.alarms.rule import SignalRule
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import CAMPUS, Happening, Kind, Signal, Source
from cloud.watch.alarms.topology import Hung, Topology, bus, segment, topology_of
from cloud.watch.alarms.watching import AFTERWARDS_MS, Key, Watching, Window
from shared.facts.told import Level

BOX = Source(Kind.BOX, "b1")
TILLS = [Source(Kind.TERMINAL, f"{n:02x}") for n in range(1, 7)]
BROKER = Source(Kind.SERVICE, "broker")
T0 = 1_000_000


def on_a_bus() -> Topology:
    hung = {till: Hung("b1", "can0", f"pos-{n}", is_bus=True) for n, till in enumerate(TILLS, 1)}
    return topology_of(hung, ["b1"], {})


def cut(before: int, at_ms: int = T0) -> Happening:
    told = (("link", "can0"), ("behind", f"pos-{before - 1}"), ("before", f"pos-{before}"), ("terminals", 7 - before))
    return Happening(1, at_ms, Level.URGENT, "bus-segment-cut", "b1", b"", told)


def silent(watch: Watching, numbers: set[int], now_ms: int) -> None:
    signals = [
        Signal("terminal-silent", till, now_ms, 99.0 if n in numbers else 1.0) for n, till in enumerate(TILLS, 1)
    ]
    watch.read(signals, is_meal=False)
    watch.passed(now_ms)


def calling(watch: Watching) -> set[str]:
    return {str(key.source) for key, alarm in watch.memory.alarms.items() if alarm.calls}


def test_a_terminal_of_a_bus_stands_behind_all_before_it() -> None:
    over = list(on_a_bus().over(TILLS[2]))
    assert over == [
        *(segment("b1", "can0", f"pos-{n}") for n in (3, 2, 1)), bus("b1", "can0"), BOX,
        BROKER, Source(Kind.SERVICE, "ingest"), CAMPUS,
    ]  # fmt: skip


def test_a_cut_hides_what_is_behind_it_and_nothing_before() -> None:
    watch = Watching(RULES, topology=on_a_bus())
    watch.happened([cut(4)])
    silent(watch, {1, 4, 5, 6}, T0 + 60_000)
    assert calling(watch) == {"bus:b1/can0/pos-4", str(TILLS[0])}


def test_a_cut_stands_while_what_is_behind_it_does() -> None:
    watch = Watching(RULES, topology=on_a_bus())
    watch.happened([cut(4)])
    for minute in range(1, 40):
        silent(watch, {4, 5, 6}, T0 + minute * 60_000)
    assert calling(watch) == {"bus:b1/can0/pos-4"}, "it was told once, long ago"
    for minute in range(40, 43):
        silent(watch, set(), T0 + minute * 60_000)
    assert calling(watch) == set()


def test_a_cut_is_over_when_its_box_says_so() -> None:
    watch = Watching(RULES, topology=on_a_bus())
    for n in (3, 4):
        watch.happened([cut(n)])
    told = (("link", "can0"), ("before", "pos-4"))
    watch.happened([Happening(3, T0 + 1000, Level.NOTICE, "bus-segment-whole", "b1", b"", told)])
    assert calling(watch) == {"bus:b1/can0/pos-3"}


def test_a_broker_that_is_down_explains_the_boxes_that_are_not_heard() -> None:
    watch = Watching(RULES, topology=on_a_bus())
    for second in range(0, 120, 5):
        now_ms = T0 + second * 1000
        watch.read(
            [Signal("service-down", BROKER, now_ms, 1), Signal("box-silent", BOX, now_ms, second)], is_meal=False
        )
        watch.passed(now_ms)
    assert calling(watch) == {"service:broker"}


def test_what_stops_the_boxes_clock_in_the_ledger_is_the_ledger() -> None:
    """It was away for long: nothing was heard meanwhile, and that is no box's fault."""
    watch = Watching(RULES, topology=on_a_bus())
    for second in range(0, 60, 5):
        now_ms = T0 + second * 1000
        watch.read([Signal("ledger-away", CAMPUS, now_ms, 1), Signal("box-silent", BOX, now_ms, None)], is_meal=False)
        watch.passed(now_ms)
    for second in range(60, 66, 5):
        now_ms = T0 + second * 1000
        watch.read([Signal("ledger-away", CAMPUS, now_ms, 0), Signal("box-silent", BOX, now_ms, 66)], is_meal=False)
        watch.passed(now_ms)
    assert calling(watch) == set()
    later = T0 + 66_000 + AFTERWARDS_MS
    watch.read([Signal("box-silent", BOX, later, 99)], is_meal=False)
    watch.passed(later)
    assert calling(watch) == {"box:b1"}, "one that stays away calls"


def test_a_break_in_what_is_known_is_a_break_of_a_duration() -> None:
    watch = Watching(RULES)
    name = "load-ageing"
    rule = watch.rule(name)
    assert rule is not None
    for at_s, value in ((0, 9e9), (1, None), (2, 9e9)):
        watch.read([Signal("load-oldest", CAMPUS, T0 + at_s * 1000, value)], is_meal=False)
    reading = watch.memory.readings.get(Key(name, CAMPUS))
    assert reading is None or reading.held_ms in (0, T0 + 2000)


def test_planned_work_explains_what_is_away_and_never_money() -> None:
    watch = Watching(RULES, topology=on_a_bus())
    watch.memory.windows = (Window("3", CAMPUS, 0, T0 + 3_600_000),)
    silent(watch, {1}, T0)
    watch.read(
        [Signal("trial-balance", CAMPUS, T0, 5), Signal("trial-balance", CAMPUS, T0 + 600_000, 5)], is_meal=False
    )
    watch.passed(T0 + 600_000)
    assert calling(watch) == {"campus"}


def test_another_alarm_of_the_same_thing_goes_on_hiding() -> None:
    watch = Watching(RULES, topology=on_a_bus())
    watch.happened([cut(1), cut(4)])
    silent(watch, {4, 5}, T0 + 60_000)
    causes = {watch.memory.alarms[Key("terminal-silent", till)].suppressed_by for till in TILLS[3:5]}
    assert causes == {"bus-cut bus:b1/can0/pos-4"}, "the nearest"


def test_when_one_of_two_that_hide_is_over_the_other_still_does() -> None:
    base = next(rule for rule in RULES if isinstance(rule, SignalRule) and rule.name == "box-silent")
    other = replace(base, name="box-dark", signal="box-oldest")
    watch = Watching([*RULES, other], topology=on_a_bus())
    watch.read([Signal("box-silent", BOX, T0, 99), Signal("box-oldest", BOX, T0, 99)], is_meal=False)
    silent(watch, {1, 2}, T0 + 1000)
    for at_ms in (T0 + 2000, T0 + 20_000):
        watch.read([Signal("box-oldest", BOX, at_ms, 1)], is_meal=False)
    silent(watch, {1, 2}, T0 + 20_000 + AFTERWARDS_MS)
    assert calling(watch) == {"box:b1"}
