"""A bus on which nobody is heard, and hotlists that grow old: known only where the box, or the terminal, is heard."""

from dataclasses import replace

from cloud.ledger.fleet.documents.reported import Known
from cloud.ledger.fleet.documents.standing import DocumentState, TerminalRow
from cloud.ledger.fleet.views import BoxView, Completeness, TerminalView
from cloud.ledger.records.values import Now
from cloud.watch.alarms.groups import Groups
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.states import State
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.alarms.watching import Watching
from cloud.watch.readings import Fleet, fleet_signals, topology
from cloud.watch.subjects.lines import list_signals
from shared.fleet.document import CAMPUS, DocumentKind
from shared.ids import BoxId, DeviceId, StoreId
from shared.wire.box_state import BoxState, TerminalState
from shared.wire.fleet_lane import Reported, Verdict

T0 = 1_000_000_000
BUS = Source(Kind.BUS, "b1/can0")


def device(n: int) -> DeviceId:
    return DeviceId(bytes((0, 0, 0, 0, 0, n)))


def terminal(n: int, age_s: float, address: str = "x") -> TerminalState:
    heard = T0 - int(age_s * 1000) if age_s >= 0 else 0
    return TerminalState(device(n), address and str(n), "can0", "joined", heard, 1, 1, 0, 0)


def box(*terminals: TerminalState, heard_ms: int = T0) -> BoxView:
    state = BoxState(BoxId("b1"), StoreId(b"store--1"), T0, True, 0, 1000, 0, 0, 0, terminals)
    return BoxView("b1", "一食堂", 0, heard_ms, state)


def view(n: int, age_s: float) -> TerminalView:
    return TerminalView(
        bytes(device(n)), f"t{n}", "", "", "b1", 1, 1, 1, 1, (), Completeness.COMPLETE, 0, T0 - int(age_s * 1000)
    )


def silences(*boxes: BoxView) -> list[float | None]:
    found = fleet_signals(Fleet(boxes, ()), T0)
    return [one.value for one in found if one.name == "bus-silent" and one.source == BUS]


def test_a_bus_is_as_silent_as_the_one_that_was_heard_last() -> None:
    assert silences(box(terminal(1, 40), terminal(2, 50))) == [40]


def test_of_a_box_that_is_not_heard_nothing_is_known() -> None:
    assert silences(box(terminal(1, 40), terminal(2, 50), heard_ms=T0 - 60_000)) == [None]


def test_one_terminal_alone_and_those_without_an_address_and_never_heard_ones_are_no_bus() -> None:
    assert silences(box(terminal(1, 40))) == []
    assert silences(box(terminal(1, 40), terminal(2, -1))) == []
    assert silences(box(terminal(1, 40, ""), terminal(2, 50, ""))) == []


def test_a_dead_bus_is_one_alarm_and_its_terminals_are_explained_by_it() -> None:
    fleet = Fleet([box(terminal(1, 90), terminal(2, 95))], [view(1, 90), view(2, 95)])
    watching = Watching(RULES, topology=topology(fleet, Groups(), T0))
    watching.read(fleet_signals(fleet, T0), is_meal=False)
    calls = {key.rule for key, alarm in watching.memory.alarms.items() if alarm.calls}
    hidden = {key.rule for key, alarm in watching.memory.alarms.items() if alarm.state is State.SUPPRESSED}
    assert (calls, hidden) == ({"bus-silent"}, {"terminal-silent"})


def test_a_box_that_is_away_explains_its_bus() -> None:
    fleet = Fleet([box(terminal(1, 90), terminal(2, 95))], [view(1, 90), view(2, 95)])
    away = replace(fleet.boxes[0], heard_ms=T0 - 60_000)
    watching = Watching(RULES, topology=topology(fleet, Groups(), T0))
    watching.read(fleet_signals(fleet, T0), is_meal=False)
    watching.read(fleet_signals(fleet._replace(boxes=[away]), T0 + 1), is_meal=False)
    assert {key.rule for key, alarm in watching.memory.alarms.items() if alarm.calls} == {"box-silent"}


def row(as_of: int, kind: DocumentKind = DocumentKind.HOTLIST) -> TerminalRow:
    said = Reported(device(1), kind, CAMPUS, 1, bytes(32), 0, 0, as_of, 0, Verdict.IN_USE)
    known = Known(said, "b1", T0, T0, 1, 0)
    return TerminalRow(bytes(device(1)), "t1", "", "b1", (kind, CAMPUS), 1, DocumentState.IN_USE, known, 0)


def ages(*rows: TerminalRow, heard: bool = True) -> list[Signal]:
    return list(list_signals(rows, {bytes(device(1))} if heard else (), Now(T0, 1_000_000)))


def test_a_list_is_as_old_as_the_centres_last_word_on_it() -> None:
    assert [one.value for one in ages(row(1_000_000 - 13 * 3600))] == [13]
    assert ages(row(1, DocumentKind.OPERATORS)) == []


def test_of_a_terminal_that_is_not_heard_or_has_none_the_age_is_not_known() -> None:
    assert [one.value for one in (*ages(row(1), heard=False), *ages(row(0)))] == [None, None]


def test_after_half_a_day_it_is_a_warning_alone() -> None:
    (old,) = ages(row(1_000_000 - 13 * 3600))
    watching = Watching(RULES)
    found = [each.key.rule for n in (0, 900_000) for each in watching.read([old._replace(at_ms=n + 1)], is_meal=True)]
    assert found == ["list-ageing"]
