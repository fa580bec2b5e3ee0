"""Online requests: repeats are not passed on at once, the table has bounds, what waits too long leaves it."""

from edge.box.up import online
from edge.box.up.online import DEVICE_MAX, REPEAT_S, WAIT_S, OnlineDesk
from edge.box.values.effects import Now


def at(mono_s):
    return Now(mono_s, 0, 0)


def test_repeat_waits():
    desk = OnlineDesk()
    assert desk.admit(at(0), b"a", 1)
    assert not desk.admit(at(REPEAT_S - 0.1), b"a", 1)
    assert desk.admit(at(REPEAT_S), b"a", 1)
    desk.answered(b"a", 1)
    assert desk.admit(at(REPEAT_S), b"a", 1)


def test_one_terminal_has_few_places():
    desk = OnlineDesk()
    assert all(desk.admit(at(0), b"a", n) for n in range(DEVICE_MAX))
    assert not desk.admit(at(0), b"a", 99)
    assert desk.admit(at(0), b"b", 99)
    assert desk.admit(at(REPEAT_S), b"a", 0)


def test_table_is_bounded(monkeypatch):
    monkeypatch.setattr(online, "TABLE_MAX", 2)
    desk = OnlineDesk()
    assert desk.admit(at(0), b"a", 1)
    assert desk.admit(at(0), b"b", 1)
    assert not desk.admit(at(0), b"c", 1)


def test_late_ones_leave():
    desk = OnlineDesk()
    desk.admit(at(0), b"a", 1)
    desk.admit(at(1), b"a", 2)
    assert desk.expire(at(WAIT_S)) == 1
    assert desk.count() == 1
    desk.answered(b"zz", 1)
