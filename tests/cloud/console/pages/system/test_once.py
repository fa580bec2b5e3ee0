"""One answer for many viewers, and lines of a chart."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloud.console.pages.system.charts import Frame, bounds, drawn, lines
from cloud.console.pages.system.once import KEPT_MAX, Once
from cloud.watch.metrics.queries import Span
from shared.errors import StoreFault
from tests.patience import PATIENCE_S

FRAME = Frame(Span(0, 600_000, 60), 0.0, 10.0, 100, 10)


def test_it_is_asked_once_for_as_long_as_it_is_kept() -> None:
    clock, said = [0.0], iter(range(9))
    once = Once(lambda: clock[0])
    assert [once.ask("a", 3.0, lambda: next(said)) for _ in range(3)] == [0, 0, 0]
    assert once.ask("b", 3.0, lambda: next(said)) == 1
    clock[0] = 3.0
    assert once.ask("a", 3.0, lambda: next(said)) == 2
    once.forget("a")
    assert once.ask("a", 3.0, lambda: next(said)) == 3


def test_whoever_comes_while_it_is_asked_anew_gets_what_was_said_before() -> None:
    clock = [0.0]
    once, begun, may = Once(lambda: clock[0]), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert may.wait(PATIENCE_S)
        return "new"

    assert once.ask("a", 1.0, lambda: "old") == "old"
    clock[0] = 2.0
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(once.ask, "a", 1.0, slow)
        assert begun.wait(PATIENCE_S)
        assert once.ask("a", 1.0, lambda: "asked twice") == "old"
        may.set()
        assert asked.result(10) == "new"
    assert once.ask("a", 1.0, lambda: "again") == "new"


def test_a_fault_is_told_and_not_kept() -> None:
    once = Once()

    def away() -> str:
        raise StoreFault("away")

    with pytest.raises(StoreFault):
        once.ask("a", 9.0, away)
    assert once.ask("a", 9.0, lambda: "there") == "there"


def test_of_too_many_the_one_that_was_asked_longest_ago_goes() -> None:
    once = Once()
    for number in range(KEPT_MAX + 1):
        once.ask(number, 9.0, lambda number=number: number)
    assert once.ask(KEPT_MAX, 9.0, lambda: "forgotten") == KEPT_MAX
    assert once.ask(0, 9.0, lambda: "forgotten") == "forgotten"


def test_a_gap_stays_a_gap_and_a_lone_dot_is_a_stroke() -> None:
    (line,) = lines({"b": [(0, 0.0), (60_000, 10.0), (300_000, 5.0)], "c": []}, FRAME)
    assert line.runs == ("0.0,10.0 10.0,0.0 20.0,0.0", "50.0,5.0 60.0,5.0")
    assert (line.now, line.low, line.high, line.at_ms) == (5.0, 0.0, 10.0, 360_000)


def test_a_flat_line_and_no_line_have_room() -> None:
    assert bounds({"a": [(0, 5.0)]}) == (0.0, 5.0)
    assert bounds({"a": [(0, 0.0)]}) == (0.0, 1.0)
    assert bounds({"a": [(0, -2.0)]}) == (-2.0, -1.0)
    assert bounds({}) == (0.0, 1.0)


def test_the_worst_are_drawn_first() -> None:
    found = lines({str(n): [(0, float(n))] for n in range(12)}, FRAME)
    assert [one.now for one in drawn(found, is_most=True)][:2] == [11.0, 10.0]
    assert [one.now for one in drawn(found, is_most=False)][:2] == [0.0, 1.0]
