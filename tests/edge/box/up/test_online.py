"""Online requests: repeats are not passed on at once, the table has bounds, what waits too long leaves it."""

from edge.box.up import online
from edge.box.up.online import DEVICE_MAX, REPEAT_S, WAIT_S, OnlineRequests
from edge.box.values.effects import Now


def at(mono_s):
    return Now(mono_s, 0, 0)


def test_repeat_waits():
    requests = OnlineRequests()
    assert requests.admit(at(0), b"a", 1)
    assert not requests.admit(at(REPEAT_S - 0.1), b"a", 1)
    assert requests.admit(at(REPEAT_S), b"a", 1)
    requests.answered(b"a", 1)
    assert requests.admit(at(REPEAT_S), b"a", 1)


def test_one_terminal_has_few_places():
    requests = OnlineRequests()
    assert all(requests.admit(at(0), b"a", n) for n in range(DEVICE_MAX))
    assert not requests.admit(at(0), b"a", 99)
    assert requests.admit(at(0), b"b", 99)
    assert requests.admit(at(REPEAT_S), b"a", 0)


def test_who_asks_without_end_takes_nobody_elses_place():
    requests = OnlineRequests()
    assert sum(requests.admit(at(0), b"loud", n) for n in range(1000)) == DEVICE_MAX
    assert all(requests.admit(at(0), bytes((terminal,)), 1) for terminal in range(63))


def test_table_is_bounded(monkeypatch):
    monkeypatch.setattr(online, "TABLE_MAX", 2)
    requests = OnlineRequests()
    assert requests.admit(at(0), b"a", 1)
    assert requests.admit(at(0), b"b", 1)
    assert not requests.admit(at(0), b"c", 1)


def test_late_ones_leave():
    requests = OnlineRequests()
    requests.admit(at(0), b"a", 1)
    requests.admit(at(1), b"a", 2)
    assert requests.expire(at(WAIT_S)) == 1
    assert requests.count() == 1
    requests.answered(b"zz", 1)
