"""Groups: n of m within a window of what was heard; the file that names them; one alarm that explains the others."""

import random
from dataclasses import replace

import pytest

from cloud.watch.alarms.group_file import SIZE_MAX, Known, read_groups
from cloud.watch.alarms.groups import Group, Groups, Hours, Shared, Thing, fallen, unnamed
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.alarms.topology import Hung, Topology, topology_of
from cloud.watch.alarms.watching import AFTERWARDS_MS, Key, Watching, cause_text
from shared.errors import ConfigFault

BOX = Source(Kind.BOX, "b1")
T0 = 10_000_000
SWITCH = Group("sw-a", Shared.SWITCH, "一食堂A", terminals=frozenset(f"pos-{n}" for n in range(10)), least=6)

FILE = """format = 1
[[group]]
name = "sw-a"
shares = "switch"
title = "一食堂A"
terminals = ["pos-1", "0a0b"]
least = 2
within = "90s"
[[group]]
name = "canteen"
shares = "place"
title = "一食堂"
places = ["一食堂*"]
boxes = ["b1"]
groups = ["sw-a"]
"""


def till(number: int, silent_s: float | None = 0.0, heard_ms: int = T0, box: str = "b1") -> Thing:
    source = Source(Kind.TERMINAL, f"{number:02x}")
    return Thing(source, f"pos-{number}", f"{number}号窗口", box, True, heard_ms, silent_s)


def test_many_that_fell_at_once_are_one() -> None:
    away = [till(n, 60.0, T0 + n * 1000) for n in range(6)]
    assert fallen([*away, *(till(n) for n in range(6, 10))], 6, 120_000) == 100
    assert fallen([*away[:5], *(till(n) for n in range(5, 10))], 6, 120_000) == pytest.approx(83.3, abs=0.1)


def test_those_that_fell_one_by_one_are_not_together() -> None:
    away = [till(n, 60.0, T0 + n * 60_000) for n in range(10)]
    assert fallen(away, 6, 120_000) == 50
    assert fallen(away, 6, 300_000) == 100


def test_what_is_not_known_is_neither_away_nor_there() -> None:
    away, unknown = [till(n, 60.0) for n in range(5)], [till(n, None) for n in range(5, 10)]
    assert fallen([*away, *unknown], 6, 120_000) is None
    assert fallen([*away, till(9, 60.0), *unknown], 6, 120_000) == 100, "more can only make it worse"
    assert fallen([till(n, None, 0) for n in range(3)], 2, 120_000) == 0, "what was never heard is no member"


def test_a_file_names_what_things_share() -> None:
    groups = read_groups(FILE, Known({"b1"}, {"pos-1", "0a0b"}))
    sw, canteen = groups.named
    assert (sw.shares, sw.words.zh, sw.least, sw.within_ms) == (Shared.SWITCH, "交换机 一食堂A", 2, 90_000)
    things = [till(1), replace_place(till(7), "一食堂 7号"), Thing(BOX, "网关", "", "b1", False, T0, 0.0)]
    members = groups.members(things)
    assert [thing.name for thing in members[sw]] == ["pos-1"]
    assert [thing.name for thing in members[canteen]] == ["pos-7", "网关", "pos-1"]


def replace_place(thing: Thing, place: str) -> Thing:
    return thing._replace(place=place)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('"switch"', '"hub"', 4, "shares"),
        ('"sw-a"', '"SW A"', 3, "name"),
        ('"pos-1", ', '"pos-9", ', 6, "没有登记：pos-9"),
        ('["b1"]', '["b9"]', 14, "没有登记：b9"),
        ("least = 2", "least = 1", 7, "least"),
        ('"90s"', '"9h"', 8, "within"),
        ('"90s"', '"90s"\nclosed = ["20:30-25:00"]', 9, "20:30-05:30"),
        ('"90s"', '"90s"\nclosed = ["20:30-20:30"]', 9, "20:30-05:30"),
        ('name = "canteen"', 'name = "sw-a"', 3, "重名"),
        ('groups = ["sw-a"]', 'groups = ["sw-b"]', 15, "没有此分组"),
        ('groups = ["sw-a"]', 'groups = ["canteen"]', 15, "互相包含"),
        ('terminals = ["pos-1", "0a0b"]\n', "", 3, "没有成员"),
        ('title = "一食堂"', 'titel = "一食堂"', 9, "title"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(ConfigFault, match=rf"^第 {line} 行 .*{said}"):
        read_groups(FILE.replace(old, new, 1), Known({"b1"}, {"pos-1", "0a0b"}))


@pytest.mark.parametrize("text", ["format = ", "x" * (SIZE_MAX + 1), "a = " + "[" * 20_000, "format = 2"])
def test_what_is_no_file_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ConfigFault):
        read_groups(text)


def below(groups: Groups, things: list[Thing]) -> Topology:
    hung = {thing.source: Hung(thing.box, "tcp", thing.name, is_bus=False) for thing in things}
    return topology_of(hung, ["b1"], groups.above(things))


def campus(groups: Groups, things: list[Thing]) -> Watching:
    return Watching(RULES, topology=below(groups, things))


def look(watch: Watching, groups: Groups, things: list[Thing], now_ms: int) -> None:
    """As the watch does: boxes and terminals, then groups, then time."""
    signals = [Signal("box-silent", BOX, now_ms, 0.0)]
    signals += [Signal("terminal-silent", one.source, now_ms, one.silent_s) for one in things]
    watch.read([*signals, *groups.signals(things, standing(watch), now_ms)], is_meal=False)
    watch.passed(now_ms)


def standing(watch: Watching) -> list[Source]:
    return [key.source for key in watch.memory.alarms if key.rule == "group-away"]


def calling(watch: Watching) -> list[Key]:
    return [key for key, alarm in watch.memory.alarms.items() if alarm.calls]


def play(watch: Watching, groups: Groups, away: set[int], seconds: int, from_ms: int, fell_ms: int) -> int:
    """Ten tills; those in `away` fell at that moment. Gives when it is then."""
    for now_ms in range(from_ms, from_ms + seconds * 1000, 5000):
        things = [till(n, (now_ms - fell_ms) / 1000, fell_ms) if n in away else till(n, 1.0, now_ms) for n in range(10)]
        look(watch, groups, things, now_ms)
    return from_ms + seconds * 1000


@pytest.mark.parametrize("groups", [Groups((SWITCH,)), Groups()], ids=["named", "nobody has named it"])
def test_ten_behind_one_switch_are_one_alarm_that_explains_them(groups: Groups) -> None:
    watch = campus(groups, [till(n) for n in range(10)])
    now_ms = play(watch, groups, set(range(10)), 120, T0, T0)
    name = SWITCH.source if groups.named else unnamed("b1")
    assert calling(watch) == [Key("group-away", name)]
    under = {alarm.suppressed_by for key, alarm in watch.memory.alarms.items() if key.rule == "terminal-silent"}
    assert (under, len(watch.memory.alarms)) == ({f"group-away {name}"}, 11)
    play(watch, groups, set(), 60, now_ms, T0)
    assert {key.rule for key in watch.memory.alarms} == {"group-away"}, "only what somebody should have seen is left"
    assert calling(watch) == []


def test_none_of_them_calls_before_their_group_does() -> None:
    groups = Groups((SWITCH,))
    watch = campus(groups, [till(n) for n in range(10)])
    now_ms, seen = T0, set()
    while now_ms < T0 + 120_000:
        now_ms = play(watch, groups, set(range(10)), 5, now_ms, T0)
        seen |= set(calling(watch))
    assert {key.rule for key in seen} == {"group-away"}


def test_what_has_returned_is_released_and_what_stays_away_calls_for_itself() -> None:
    groups = Groups((SWITCH,))
    watch = campus(groups, [till(n) for n in range(10)])
    now_ms = play(watch, groups, set(range(10)), 120, T0, T0)
    now_ms = play(watch, groups, {3}, 20, now_ms, T0)
    assert {key.source.name for key in watch.memory.alarms if key.rule == "terminal-silent"} == {"03"}
    assert calling(watch) == []
    play(watch, groups, {3}, AFTERWARDS_MS // 1000 + 10, now_ms, T0)
    assert calling(watch) == [Key("terminal-silent", till(3).source)]


def test_a_group_of_groups_explains_the_group() -> None:
    whole = Group("canteen", Shared.PLACE, "一食堂", groups=frozenset({"sw-a"}), least=8)
    groups = Groups((SWITCH, whole))
    watch = campus(groups, [till(n) for n in range(10)])
    play(watch, groups, set(range(10)), 120, T0, T0)
    assert calling(watch) == [Key("group-away", whole.source)]


def test_a_box_that_is_away_goes_before_its_groups() -> None:
    groups = Groups((SWITCH,))
    watch = campus(groups, [till(n) for n in range(10)])
    now_ms = play(watch, groups, set(range(10)), 120, T0, T0)
    watch.read([Signal("box-silent", BOX, now_ms, 60.0)], is_meal=False)
    watch.passed(now_ms)
    assert Key("box-silent", BOX) in calling(watch)
    watch.read([Signal("group-away", SWITCH.source, now_ms + 5000, None)], is_meal=False)
    group = watch.memory.alarms[Key("group-away", SWITCH.source)]
    assert group.is_active, "what is not known ends nothing"


def test_a_group_that_is_taken_out_of_the_file_is_over() -> None:
    groups = Groups((SWITCH,))
    watch = campus(groups, [till(n) for n in range(10)])
    now_ms = play(watch, groups, set(range(10)), 120, T0, T0)
    after = Groups((replace(SWITCH, name="sw-b"),))
    watch.stand_on(below(after, [till(n) for n in range(10)]))
    play(watch, after, set(range(10)), 60, now_ms, T0)
    assert calling(watch) == [Key("group-away", Source(Kind.GROUP, "sw-b"))]


def test_what_is_switched_off_for_the_night_calls_nobody_and_what_is_off_in_the_morning_does() -> None:
    (one,) = read_groups(FILE.split('[[group]]\nname = "canteen"')[0] + 'closed = ["20:30-05:30"]\n').named
    assert one.closed == (Hours(73_800, 19_800),)
    groups = Groups((replace(SWITCH, closed=one.closed),))
    watch = campus(groups, [till(n) for n in range(10)])
    watch.closed = groups.closed(21 * 3600)
    now_ms = play(watch, groups, set(range(10)), 120, T0, T0)
    assert calling(watch) == []
    assert {alarm.suppressed_by for alarm in watch.memory.alarms.values()} == {"closed sw-a"}
    watch.closed = groups.closed(5 * 3600 + 1799)
    assert len(watch.closed) == 1
    watch.closed = groups.closed(5 * 3600 + 1800)
    play(watch, groups, set(range(10)), 10, now_ms, T0)
    assert calling(watch) == [Key("group-away", SWITCH.source)]
    assert not groups.closed(12 * 3600)
    assert Groups((replace(SWITCH, closed=(Hours(0, 60),)),)).closed(86_400 * 9 + 59)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_hidden_but_by_what_stands_or_stood_a_moment_ago(seed: int) -> None:
    """Terminals, their switch and their box fall and return as they like; a box that is away tells of none of them."""
    chance = random.Random(seed)
    groups = Groups((SWITCH,)) if seed % 2 else Groups()
    watch, heard, fell = campus(groups, [till(n) for n in range(10)]), dict.fromkeys(range(10), T0), set[int]()
    box_ms, stood = T0, dict[str, int]()
    for now_ms in range(T0, T0 + 3_600_000, 5000):
        if chance.random() < 0.05:
            fell = set(chance.sample(range(10), chance.choice((0, 1, 3, 8, 10))))
        box_ms = box_ms if chance.random() < 0.02 or (now_ms - box_ms < 90_000 and box_ms < now_ms - 5000) else now_ms
        speaks = now_ms - box_ms < 15_000
        heard = {n: at if n in fell or not speaks else now_ms for n, at in heard.items()}
        things = [till(n, (now_ms - at) / 1000 if speaks else None, at) for n, at in heard.items()]
        signals = [Signal("box-silent", BOX, now_ms, (now_ms - box_ms) / 1000)]
        signals += [Signal("terminal-silent", one.source, now_ms, one.silent_s) for one in things]
        watch.read([*signals, *groups.signals(things, standing(watch), now_ms)], is_meal=False)
        watch.passed(now_ms)
        alarms = watch.memory.alarms
        stood |= {cause_text(key): now_ms for key, alarm in alarms.items() if alarm.is_active}
        for alarm in alarms.values():
            assert not alarm.suppressed_by or now_ms - stood[alarm.suppressed_by] <= AFTERWARDS_MS + 5000
    end_ms = T0 + 3_600_000
    for now_ms in range(end_ms, end_ms + 90_000, 5000):
        look(watch, groups, [till(n, 1.0, now_ms) for n in range(10)], now_ms)
    assert not [alarm for alarm in watch.memory.alarms.values() if alarm.is_active]
    assert not [alarm for alarm in watch.memory.alarms.values() if alarm.suppressed_by], "and nothing is left hidden"
