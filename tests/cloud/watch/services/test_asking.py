"""All is asked at once, and the bound holds whatever hangs."""

import time
from threading import Event

import pytest

from cloud.watch.services.asking import ask
from shared.errors import StoreFault

BOUND_S = 0.3


def test_what_hangs_is_late_and_holds_up_nobody() -> None:
    never = Event()
    began = time.monotonic()
    try:
        found = ask({"a": lambda: 1, "hangs": never.wait, "hangs, too": never.wait}, BOUND_S)
    finally:
        never.set()
    assert BOUND_S <= time.monotonic() - began < BOUND_S + 1
    assert found.values == {"a": 1}
    assert found.late == {"hangs", "hangs, too"}
    assert "0.3 秒内没有回答" in str(found.why["hangs"])


def test_it_is_there_when_all_have_answered() -> None:
    began = time.monotonic()
    assert ask({"a": lambda: None}, 60).values == {"a": None}
    assert ask({}, 60).values == {}
    assert time.monotonic() - began < 30


def test_they_are_asked_at_once() -> None:
    met = [Event(), Event()]
    found = ask({"a": lambda: met[0].set() or met[1].wait(30), "b": lambda: met[1].set() or met[0].wait(30)}, 60)  # type: ignore[func-returns-value]
    assert found.values == {"a": True, "b": True}, "neither answers before the other was asked"


def test_a_fault_is_its_reason_and_no_answer() -> None:
    def away() -> None:
        raise StoreFault("gone")

    found = ask({"a": away, "b": lambda: 2}, 60)
    assert (found.values, str(found.why["a"]), found.late) == ({"b": 2}, "gone", frozenset())


def test_a_defect_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        ask({"a": lambda: 1 // 0}, 60)
