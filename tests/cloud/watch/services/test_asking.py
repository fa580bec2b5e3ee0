"""All is asked at once, and the bound holds whatever hangs."""

import time
from threading import Event

import pytest

from cloud.watch.services.asking import ask
from shared.errors import StoreFault
from tests.patience import PATIENCE_S

BOUND_S = 1.0


def test_what_hangs_is_late_and_holds_up_nobody() -> None:
    never = Event()
    began = time.monotonic()
    try:
        found = ask({"a": lambda: 1, "hangs": never.wait, "hangs, too": never.wait}, BOUND_S)
    finally:
        never.set()
    assert BOUND_S <= time.monotonic() - began < PATIENCE_S
    assert found.values == {"a": 1}
    assert found.late == {"hangs", "hangs, too"}
    assert "1 秒内没有回答" in str(found.why["hangs"])


def test_it_is_there_when_all_have_answered() -> None:
    began = time.monotonic()
    assert ask({"a": lambda: None}, 2 * PATIENCE_S).values == {"a": None}
    assert ask({}, 2 * PATIENCE_S).values == {}
    assert time.monotonic() - began < PATIENCE_S


def test_they_are_asked_at_once() -> None:
    met = [Event(), Event()]

    def meet(mine: Event, theirs: Event) -> bool:
        mine.set()
        return theirs.wait(PATIENCE_S)

    found = ask({"a": lambda: meet(*met), "b": lambda: meet(*reversed(met))}, 2 * PATIENCE_S)
    assert found.values == {"a": True, "b": True}, "neither answers before the other was asked"


def test_a_fault_is_its_reason_and_no_answer() -> None:
    def away() -> None:
        raise StoreFault("gone")

    found = ask({"a": away, "b": lambda: 2}, 60)
    assert (found.values, str(found.why["a"]), found.late) == ({"b": 2}, "gone", frozenset())


def test_a_defect_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        ask({"a": lambda: 1 // 0}, 60)
