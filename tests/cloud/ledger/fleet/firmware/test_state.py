"""A roll-out's rules: what a word makes of a terminal, when a wave has passed, and when everything stops. Pure."""

import pytest

from cloud.ledger.fleet.firmware.state import (
    AGAIN,
    Event,
    EventKind,
    Rollout,
    TerminalRow,
    TerminalState,
    at_box,
    by_time,
    next_event,
    permitted,
    progressed,
    reported,
    stopped,
    to_send,
    waves_of,
)
from shared.fleet.document import DocumentKind, model_scope
from shared.ids import DeviceId
from shared.wire.fleet_lane import Progress, Reported, Stage, Verdict, Why

DEVICE, DIGEST = DeviceId(b"\0\1\0\0\0\1"), b"d" * 32
ROLLOUT = Rollout(1, 1, 3, "王芳", "新版", 0, 0, "50%,100%", 20, 1, wait_ms=1000, run_ms=500)
ROW = TerminalRow(1, DEVICE, 1, 7, TerminalState.OFFERED, sent_ms=1)
S = TerminalState


def word(verdict: Verdict, generation: int = 2, offered: int = 3, digest: bytes = b"o" * 32, detail: bytes = b""):
    which = DocumentKind.FIRMWARE, model_scope(1)
    return Reported(DEVICE, *which, generation, digest, 0, 0, 0, offered, verdict, detail)


def sees(stage: Stage, why: Why = Why.NOTHING, lacking: int = 0, total: int = 0) -> Progress:
    return Progress(DEVICE, stage, why, lacking, total, 2)


def hear(row: TerminalRow, *said: Progress | Reported, now_ms: int = 10) -> TerminalRow:
    for one in said:
        row = (
            progressed(row, one, now_ms)
            if isinstance(one, Progress)
            else reported(row, one, DIGEST, ROLLOUT.release, now_ms)
        )
    return row


def test_each_hop_is_said_by_the_one_that_answered():
    row = at_box(ROW, "box-1", 5)
    assert (row.state, row.box, row.box_ms) == (S.AT_BOX, "box-1", 5)
    assert permitted(row, 6) == row, "another permit"
    row = permitted(row, 7)
    seen = []
    for one in (
        sees(Stage.WAITING, Why.MEAL), sees(Stage.ERASING), sees(Stage.COMING, lacking=3, total=9), sees(Stage.WHOLE),
        sees(Stage.TRIED), word(Verdict.IN_USE, 3, 3, DIGEST),
    ):  # fmt: skip
        row = hear(row, one)
        seen.append((row.state, row.why))
    assert seen == [
        (S.WAITING, Why.MEAL), (S.RECEIVING, 0), (S.RECEIVING, 0), (S.WHOLE, 0), (S.TRIED, 0), (S.IN_USE, 0),
    ]  # fmt: skip
    assert (row.begun_ms, row.over_ms, row.running) == (10, 10, 3)


@pytest.mark.parametrize("said", [
    sees(Stage.IN_USE), sees(Stage.RETURNED), word(Verdict.IN_USE), word(Verdict.IN_USE, 3, 3),
    word(Verdict.BUSY, 2, 4), word(Verdict.UNKNOWN_KEY),
])  # fmt: skip
def test_a_terminal_that_has_not_said_so_itself_is_never_done_nor_failed(said):
    assert not hear(ROW, said).state.is_over


def test_a_box_that_is_mistaken_takes_nothing_back():
    row = hear(ROW, sees(Stage.WHOLE), sees(Stage.WAITING, Why.AWAY))
    assert row.state is S.WHOLE
    row = hear(row, word(Verdict.IN_USE, 3, 3, DIGEST))
    assert hear(row, word(Verdict.REFUSED), sees(Stage.COMING)) == row


def test_returned_refused_and_silent_are_failures_and_a_late_word_counts():
    returned = hear(ROW, word(Verdict.REFUSED, detail=b"self-test"))
    refused = hear(ROW, word(Verdict.NO_ROOM))
    silent = by_time(ROW, ROLLOUT, 1001)
    assert [one.state for one in (returned, refused, silent)] == [S.RETURNED, S.REFUSED, S.SILENT]
    assert all(one.state.is_failure for one in (returned, refused, silent))
    assert hear(silent, word(Verdict.IN_USE, 3, 3, DIGEST)).state is S.IN_USE
    assert S.RETURNED not in AGAIN, "that image is never tried there any more"


def test_two_clocks_run():
    assert by_time(ROW, ROLLOUT, 1000) == ROW
    begun = hear(ROW, sees(Stage.COMING, total=9, lacking=9), now_ms=900)
    assert by_time(begun, ROLLOUT, 1399).state is S.RECEIVING
    assert by_time(begun, ROLLOUT, 1400).state is S.SILENT
    queued = TerminalRow(1, DEVICE, 2, 7, S.QUEUED)
    assert by_time(queued, ROLLOUT, 10**9) == queued, "its wave has not begun"


def test_who_is_on_trial_is_left_to_its_test_when_all_is_stopped():
    assert stopped(hear(ROW, sees(Stage.TRIED)), 5).state is S.TRIED
    row = stopped(hear(ROW, sees(Stage.WHOLE)), 5)
    assert (row.state, row.over_ms) == (S.STOPPED, 5)
    assert hear(row, word(Verdict.NO_ROOM), sees(Stage.COMING)) == row
    assert hear(row, word(Verdict.IN_USE, 3, 3, DIGEST)).state is S.IN_USE


def events(*kinds: tuple[EventKind, int]) -> list[Event]:
    return [Event(1, at, kind, wave, "", "", 0) for at, (kind, wave) in enumerate([(EventKind.MADE, 0), *kinds], 1)]


def terminals(*waves: list[TerminalState]) -> list[TerminalRow]:
    return [
        TerminalRow(1, bytes((wave, at)), wave, 1, state)
        for wave, states in enumerate(waves, 1) for at, state in enumerate(states)
    ]  # fmt: skip


OPEN_1, OPEN_2 = (EventKind.OPENED, 1), (EventKind.OPENED, 2)


@pytest.mark.parametrize(("happened", "there", "expected"), [
    ([], terminals([S.QUEUED], [S.QUEUED]), (EventKind.OPENED, 1)),
    ([OPEN_1], terminals([S.OFFERED], [S.QUEUED]), None),
    ([OPEN_1], terminals([S.IN_USE, S.WHOLE], [S.QUEUED]), None),
    ([OPEN_1], terminals([S.IN_USE, S.ALREADY], [S.QUEUED]), (EventKind.PASSED, 1)),
    ([OPEN_1], terminals([S.ALREADY], [S.QUEUED]), (EventKind.UNDECIDED, 1)),
    ([OPEN_1], terminals([S.RETURNED], [S.QUEUED] * 99), (EventKind.FAILED, 1)),
    ([OPEN_1], terminals([S.SILENT, S.OFFERED, S.OFFERED, S.OFFERED, S.OFFERED], [S.QUEUED]), (EventKind.FAILED, 1)),
    ([OPEN_1], terminals([S.SILENT] + [S.IN_USE] * 5, [S.QUEUED]), (EventKind.PASSED, 1)),
    ([OPEN_1, (EventKind.PASSED, 1)], terminals([S.IN_USE], [S.QUEUED]), (EventKind.OPENED, 2)),
    ([OPEN_1, OPEN_2], terminals([S.IN_USE], [S.ALREADY]), (EventKind.PASSED, 2)),
    ([OPEN_1, OPEN_2, (EventKind.PASSED, 2)], terminals([S.IN_USE], [S.IN_USE]), (EventKind.OVER, 2)),
    ([OPEN_1, (EventKind.UNDECIDED, 1)], terminals([S.ALREADY], [S.QUEUED]), None),
    ([OPEN_1, (EventKind.FAILED, 1)], terminals([S.RETURNED], [S.STOPPED]), None),
    ([OPEN_1, (EventKind.STOPPED, 1), (EventKind.RESUMED, 1)], terminals([S.QUEUED], [S.QUEUED]), OPEN_1),
])  # fmt: skip
def test_a_wave_follows_only_one_that_has_passed(happened, there, expected):
    assert next_event(ROLLOUT, events(*happened), there) == expected


def test_after_the_canary_a_person_looks_and_without_a_rule_nothing_stops():
    there = terminals([S.IN_USE], [S.QUEUED])
    assert next_event(ROLLOUT._replace(canary=1), events(OPEN_1), there) == (EventKind.CANARY, 1)
    failed = terminals([S.RETURNED, S.IN_USE], [S.QUEUED])
    assert next_event(ROLLOUT._replace(stop_percent=0), events(OPEN_1), failed) == (EventKind.PASSED, 1)
    assert next_event(ROLLOUT._replace(stop_min=2), events(OPEN_1), failed) == (EventKind.PASSED, 1)


def test_only_terminals_of_an_open_wave_are_sent_their_permit():
    there = terminals([S.IN_USE, S.QUEUED], [S.QUEUED])
    assert [row.device for row in to_send({1: 1}, there)] == [b"\1\1"]
    assert to_send({}, there) == []
    assert len(to_send({1: 2}, there)) == 2


@pytest.mark.parametrize(("count", "canary", "shares", "sizes"), [
    (10, 0, (10, 50, 100), [1, 4, 5]), (10, 2, (10, 50, 100), [2, 3, 5]), (3, 0, (100,), [3]), (1, 1, (50, 100), [1]),
    (2, 0, (1, 2, 100), [1, 1]), (4, 9, (100,), [4]),
])  # fmt: skip
def test_terminals_are_shared_out_in_their_order_and_no_wave_is_empty(count, canary, shares, sizes):
    devices = [bytes((at,)) for at in range(count)]
    found = waves_of(devices, canary, shares)
    assert list(found) == devices
    assert [sum(one == wave for one in found.values()) for wave in range(1, len(sizes) + 1)] == sizes
    assert sorted(found.values()) == list(found.values())
