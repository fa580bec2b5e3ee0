"""The bench against a small terminal of somebody else, in virtual time: it passes, and each defect fails its check."""

import random

import pytest

from edge.conform.exam import CHECKS, LAWS, Exam
from edge.conform.report import Verdict, last_line, line
from edge.conform.stand import Now
from edge.conform.subject import Subject
from shared.ids import DeviceId
from tests.edge.conform.plain import DEFECTS, DEVICE, KEY, Terminal

STEP_S = 0.05
NOON_S = 817_300_800
LONGEST_S = 1200
DOCUMENTS = {check.name for check in CHECKS if check.name.startswith("document.")}


def examined(terminal, *, taps=True, **subject):
    """The report. A person taps whenever asked."""
    made = Subject(DeviceId(DEVICE), subject.pop("key", KEY), **subject)
    exam = Exam(made, random.Random(5).randbytes, is_bus=False, tap_s=5.0 if taps else 0.0)
    mono_s, said = 100.0, []

    def now():
        return Now(mono_s, NOON_S + int(mono_s))

    exam.begin(now())
    terminal.wire(mono_s, now().campus_s)
    exam.wire(True, now())
    for _ in range(int(LONGEST_S / STEP_S)):
        if exam.is_over:
            return exam.report, said
        mono_s += STEP_S
        terminal.tick(mono_s, now().campus_s)
        while terminal.out:
            exam.message(terminal.out.pop(0), now())
        exam.tick(now())
        for message in exam.take_out():
            terminal.message(message, mono_s, now().campus_s)
        if exam.take_hang_up():
            exam.wire(False, now())
            terminal.wire(mono_s, now().campus_s)
            exam.wire(True, now())
        for words in exam.take_said():
            said.append(words.en)
            if words.en.startswith("tap"):
                for _ in range({"no-window": 12, "leaves-a-hole": 3}.get(terminal.defect, 1)):
                    terminal.tap()
    raise AssertionError("the examination does not end")


def verdicts(report, verdict):
    return {one.check for one in report.findings if one.verdict is verdict}


def test_a_right_terminal_passes_every_check_but_documents():
    report, said = examined(Terminal())
    assert verdicts(report, Verdict.FAILED) == set(), [line(one) for one in report.findings]
    assert verdicts(report, Verdict.SKIPPED) == DOCUMENTS
    assert verdicts(report, Verdict.PASSED) == {c.name for c in CHECKS} - DOCUMENTS | {law for law, _, _ in LAWS}
    assert report.exit_code == 0
    assert said[0].startswith("switch")
    assert last_line(report).en.startswith("conforms")


@pytest.mark.parametrize(("defect", "checks"), DEFECTS.items(), ids=DEFECTS)
def test_a_defect_fails_its_own_checks_and_no_others(defect, checks):
    report, _ = examined(Terminal(defect))
    assert verdicts(report, Verdict.FAILED) == checks, [
        line(one) for one in report.findings if one.verdict is Verdict.FAILED
    ]
    assert report.exit_code == 1
    assert all(one.seen and one.why for one in report.findings if one.check in checks)
