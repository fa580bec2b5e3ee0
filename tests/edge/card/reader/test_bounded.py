import threading

import pytest

from edge.card.reader.bounded import Stuck, Worker

BOUND_S = 10.0


@pytest.fixture
def worker():
    one = Worker("test")
    yield one
    one.close()


def test_values_and_errors_come_back(worker):
    assert worker.call(lambda: 42, BOUND_S) == 42
    with pytest.raises(ZeroDivisionError):
        worker.call(lambda: 1 // 0, BOUND_S)
    assert worker.call(threading.current_thread, BOUND_S).name == "test"


def test_a_call_left_behind_bars_the_way_until_it_returns(worker):
    release, returned = threading.Event(), threading.Event()

    def slow():
        release.wait(BOUND_S)
        returned.set()
        return "late"

    with pytest.raises(Stuck):
        worker.call(slow, 0.01)
    with pytest.raises(Stuck):
        worker.call(lambda: "never", BOUND_S)
    release.set()
    assert returned.wait(BOUND_S)
    until = threading.Event()
    for _ in range(1000):
        try:
            assert worker.call(lambda: "next", BOUND_S) == "next"
            break
        except Stuck:
            until.wait(0.001)
    else:
        raise AssertionError("it never came back")


def test_a_late_result_is_nobodys(worker):
    """Its caller is gone, and the next call must not get it."""
    release = threading.Event()
    with pytest.raises(Stuck):
        worker.call(lambda: release.wait(BOUND_S) and "late", 0.01)
    release.set()
    while True:
        try:
            answer = worker.call(lambda: "mine", BOUND_S)
            break
        except Stuck:
            continue
    assert answer == "mine"
