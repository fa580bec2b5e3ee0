"""The reporter says a thing once a minute and counts the rest; a fact is its code and its parameters."""

from edge.box.values import facts
from edge.box.values.effects import KeepEpoch, Now
from edge.box.values.facts import FactReporter
from edge.outbox.store import _REASONS
from shared.facts import terms
from shared.facts.terminals import RecordFork, TerminalUnauthenticated, TerminalUnknown

FORK = RecordFork(3, 7)


def at(mono_s):
    return Now(mono_s, int(mono_s * 1000), 0)


def test_repeats_become_a_count():
    reporter = FactReporter()
    first = reporter.report(at(0), FORK, b"dev")
    assert [(f.code, f.level, f.device, f.told, f.at_ms) for f in first] == [
        ("record-fork", "urgent", b"dev", (("epoch", 3), ("seq", 7)), 0)
    ]
    assert reporter.report(at(1), FORK, b"dev") == []
    assert reporter.report(at(59), FORK, b"dev") == []
    assert reporter.report(at(2), FORK, b"other") != []
    assert reporter.report(at(60), FORK, b"dev")[0].told == (*FORK.params(), ("unsaid", 2))
    assert reporter.report(at(121), FORK, b"dev")[0].told == FORK.params(), "each is counted once"
    assert reporter.counts == {"record-fork": 6}


def test_about_tells_apart_what_no_device_does():
    reporter = FactReporter()
    assert reporter.report(at(0), TerminalUnauthenticated("can0:9"), about="can0:9")
    assert reporter.report(at(0), TerminalUnauthenticated("can0:8"), about="can0:8")
    assert not reporter.report(at(0), TerminalUnauthenticated("can0:9"), about="can0:9")


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(facts, "REMEMBERED_MAX", 2)
    reporter = FactReporter()
    for device in (b"1", b"2", b"3"):
        assert reporter.report(at(0), TerminalUnknown(device, "can0:9"), device)
    assert reporter.report(at(1), TerminalUnknown(b"1", "can0:9"), b"1")
    assert not reporter.report(at(1), TerminalUnknown(b"3", "can0:9"), b"3")


def test_every_word_that_a_box_tells_is_in_the_catalogue():
    assert {*_REASONS.values(), "other", "cap", "queue", "collision"} == set(terms.STORES)
    assert {KeepEpoch.__name__} < set(terms.COMMANDS)
