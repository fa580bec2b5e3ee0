"""The bench against a small terminal of somebody else, in virtual time: it passes, and each defect fails its check."""

import json
import random

import pytest

from edge.conform.exam import CHECKS, LAWS, Exam
from edge.conform.report import Verdict, last_line, line
from edge.conform.stand import COME_S, Now
from edge.conform.subject import Subject
from shared.ids import DeviceId
from tests.edge.conform.plain import DEFECTS, DEVICE, KEY, Terminal

STEP_S = 0.05
NOON_S = 817_300_800
LONGEST_S = 1200
DOCUMENTS = {check.name for check in CHECKS if check.name.startswith(("document.", "online.", "code."))}


class Room:
    """Bench, terminal and what is between them, in virtual time. A person taps when asked; with busy_s others do."""

    def __init__(self, terminal, *, taps=True, is_bus=False, busy_s=0.0, takes=False, cuts=True, **subject):
        made = Subject(**{"device": DeviceId(DEVICE), "key": KEY} | subject)
        tap_s = 5.0 if taps else 0.0
        self.exam = Exam(made, random.Random(5).randbytes, is_bus=is_bus, tap_s=tap_s, takes=takes, cuts=cuts)
        self.terminal, self.is_bus, self.busy_s = terminal, is_bus, busy_s
        self.mono_s, self.busy_from_s = 100.0, 100.0
        self.said = []

    def now(self):
        return Now(self.mono_s, NOON_S + int(self.mono_s))

    def plug(self):
        self.terminal.wire(*self.now())
        self.exam.wire(True, self.now())

    def step(self):
        self.mono_s += STEP_S
        if self.busy_s and self.mono_s >= self.busy_from_s:
            self.busy_from_s += self.busy_s
            self.terminal.tap()
        self.terminal.tick(*self.now())
        while self.terminal.out:
            self.exam.message(self.terminal.out.pop(0), self.now())
        self.exam.tick(self.now())
        out = self.exam.take_out()
        for message in sorted(out, key=_is_long) if self.is_bus else out:
            self.terminal.message(message, *self.now())
        if self.exam.take_hang_up():
            self.exam.wire(False, self.now())
            self.plug()
        self.heed()

    def heed(self):
        for words in self.exam.take_said():
            self.said.append(words.en)
            if words.en.startswith("tap"):
                for _ in range({"no-window": 12, "leaves-a-hole": 3}.get(self.terminal.defect, 1)):
                    self.terminal.tap()
            if words.en.startswith("cut the power"):
                self.terminal.power_cycle(*self.now())
                self.plug()


def examined(terminal, **options):
    """The report, and what the person was told."""
    room = Room(terminal, **options)
    room.exam.begin(room.now())
    room.plug()
    for _ in range(int(LONGEST_S / STEP_S)):
        if room.exam.is_over:
            return room.exam.report, room.said
        room.step()
    raise AssertionError("the examination does not end")


def _is_long(message):
    """On CAN a single frame overtakes what is longer."""
    return len(message) > 7


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


@pytest.mark.parametrize(("is_bus", "busy_s"), [(True, 0.0), (True, 0.7), (False, 0.7), (False, 3.0)])
def test_it_passes_on_a_bus_and_while_others_tap(is_bus, busy_s):
    terminal = Terminal()
    terminal.window = 2 if is_bus else 8
    report, _ = examined(terminal, is_bus=is_bus, busy_s=busy_s)
    assert not verdicts(report, Verdict.FAILED), [line(one) for one in report.findings if one.why]
    assert verdicts(report, Verdict.SKIPPED) == DOCUMENTS


@pytest.mark.parametrize(("defect", "checks"), DEFECTS.items(), ids=DEFECTS)
def test_a_defect_fails_its_own_checks_and_no_others(defect, checks):
    report, _ = examined(Terminal(defect))
    assert verdicts(report, Verdict.FAILED) == checks, [
        line(one) for one in report.findings if one.verdict is Verdict.FAILED
    ]
    assert report.exit_code == 1
    assert all(one.seen and one.why for one in report.findings if one.check in checks)


def test_nobody_to_examine_is_no_verdict():
    exam = Exam(Subject(DeviceId(DEVICE), KEY), random.Random(5).randbytes, is_bus=False, tap_s=0.0)
    exam.begin(Now(0.0, NOON_S))
    exam.tick(Now(COME_S, NOON_S))
    assert exam.is_over
    assert exam.report.exit_code == 2
    assert last_line(exam.report).en.startswith("not judged")


def test_another_device_is_not_examined():
    report, _ = examined(Terminal(), device=bytes(6))
    assert report.exit_code == 2
    assert DEVICE.hex() in report.findings[-1].why.en


def test_a_wrong_key_is_found_and_the_bench_goes_on():
    report, _ = examined(Terminal(), key=bytes(16))
    assert {"join.proof", "envelope.proof"} <= verdicts(report, Verdict.FAILED)
    assert report.exit_code == 1


def test_a_terminal_that_holds_records_is_let_alone():
    def owing():
        terminal = Terminal()
        terminal.epoch, terminal.rtc_s = 3, NOON_S
        terminal.write()
        return terminal

    report, _ = examined(owing())
    assert report.exit_code == 2
    assert "--take-records" in report.findings[-1].why.en
    report, _ = examined(owing(), takes=True)
    assert not verdicts(report, Verdict.FAILED)


def test_without_taps_nothing_is_sold_and_nothing_blamed():
    report, said = examined(Terminal(), taps=False)
    assert not any(words.startswith("tap") for words in said)
    assert not verdicts(report, Verdict.FAILED)
    assert {"record.again", "settled.above", "time.applied"} <= verdicts(report, Verdict.SKIPPED)


def test_a_report_is_json_in_both_languages_and_without_the_key():
    report, _ = examined(Terminal("other-bytes"))
    said = json.dumps(report.to_json(), ensure_ascii=False)
    assert json.loads(said)["failed"] == 1
    assert KEY.hex() not in said
    row = next(row for row in report.to_json()["checks"] if row["verdict"] == "failed")
    assert row["check"] == "record.same_bytes"
    assert row["why"]["zh"] != row["why"]["en"]
    assert row["seen"][-1]["way"] == "up"
