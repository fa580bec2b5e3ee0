"""The desk says a thing once a minute and counts the rest; every code is a token that the cloud can rely on."""

from edge.box.values import facts
from edge.box.values.effects import Now
from edge.box.values.facts import LEVELS, Code, FactDesk
from shared.facts import TEXT_MAX, Level


def at(mono_s):
    return Now(mono_s, int(mono_s * 1000), 0)


def test_repeats_become_a_count():
    desk = FactDesk()
    first = desk.report(at(0), Code.RECORD_FORK, b"dev", "fork")
    assert [(f.code, f.level, f.device, f.text, f.at_ms) for f in first] == [
        ("record-fork", "urgent", b"dev", "fork", 0)
    ]
    assert desk.report(at(1), Code.RECORD_FORK, b"dev", "fork") == []
    assert desk.report(at(59), Code.RECORD_FORK, b"dev", "fork") == []
    assert desk.report(at(2), Code.RECORD_FORK, b"other", "fork") != []
    assert desk.report(at(60), Code.RECORD_FORK, b"dev", "fork")[0].text == "fork (+2)"
    assert desk.counts == {"record-fork": 5}


def test_about_tells_apart_what_no_device_does():
    desk = FactDesk()
    assert desk.report(at(0), Code.TERMINAL_UNAUTHENTICATED, b"", "x", "can0:9")
    assert desk.report(at(0), Code.TERMINAL_UNAUTHENTICATED, b"", "x", "can0:8")
    assert not desk.report(at(0), Code.TERMINAL_UNAUTHENTICATED, b"", "x", "can0:9")


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(facts, "REMEMBERED_MAX", 2)
    desk = FactDesk()
    for device in (b"1", b"2", b"3"):
        assert desk.report(at(0), Code.TERMINAL_UNKNOWN, device, "x")
    assert desk.report(at(1), Code.TERMINAL_UNKNOWN, b"1", "x")
    assert not desk.report(at(1), Code.TERMINAL_UNKNOWN, b"3", "x")


def test_text_is_bounded():
    assert len(FactDesk().report(at(0), Code.DOWN_MALFORMED, b"", "x" * 1000)[0].text) == TEXT_MAX


def test_every_code_has_a_level():
    assert set(LEVELS) <= set(Code)
    assert all(FactDesk().report(at(0), code, b"", "x")[0].level in set(Level) for code in Code)


def test_six_illegal_terminal_codes():
    assert [*Code][:6] == [
        "terminal-unknown", "terminal-wrong-key", "terminal-live-twice", "terminal-mac-failures", "record-fork",
        "terminal-unauthenticated",
    ]  # fmt: skip
