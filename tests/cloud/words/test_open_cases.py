"""Open cases: what is in transit or in suspense, once each, the oldest first."""

from cloud.ledger.loads.state import LoadFacts, TerminalWord, load_state
from cloud.ledger.read.loads import LoadStanding
from cloud.ledger.read.views import RecordView, SuspenseView, VoidView
from cloud.words.open_cases import OpenCase, open_cases

MACHINE, NOW_MS = b"\0\1\0\0\0\7", 1_784_000_100_000


def load(state: str, opened_ms: int) -> LoadStanding:
    facts = LoadFacts(
        state, True, "granted", TerminalWord.UNPROVEN, 3, 0, 5000, opened_ms, opened_ms, NOW_MS, 0, False, True
    )
    return LoadStanding(
        MACHINE, 1, 9, "load-01", "", b"card------", "0007", 3, 5000, "granted", opened_ms, load_state(facts, NOW_MS)
    )


def grey(kind: str, opened_ms: int) -> SuspenseView:
    record = RecordView(
        1, b"\0\1\0\0\0\2", "pos-02", 1, 41, kind, b"card------", "0008", 5, 1250, 0, opened_ms, "suspense", "", b""
    )
    return SuspenseView(record, opened_ms)


def test_pending_loads_and_grey_purchases_oldest_first() -> None:
    found = open_cases(
        [load("pending", NOW_MS - 5_900), load("confirmed", 0), load("reversed", 0), load("refused", 0)],
        [grey("unproven", NOW_MS - 90_000), grey("load_unproven", 0)],
        [],
        NOW_MS,
    )
    assert found[0] == OpenCase("suspense", "pos-02", 41, "0008", 1250, 90)
    assert found[1] == OpenCase("transit", "load-01", 9, "0007", 5000, 5, found[1].will)
    assert len(found) == 2
    assert "¥50.00 退回" in found[1].will.zh
    assert "¥50.00 given back" in found[1].will.en


def test_an_open_void_says_what_it_waits_for() -> None:
    waits, twice = (VoidView(grey("void", 0).record, 40, why, NOW_MS - 3_000) for why in ("void", "void_twice"))
    found = open_cases([], [], [waits, twice], NOW_MS)
    assert found[0] == OpenCase("void", "pos-02", 41, "0008", 1250, 3, found[0].will)
    assert "waits for its purchase" in found[0].will.en
    assert "void already" in found[1].will.en


def test_no_age_is_negative() -> None:
    assert [case.age_s for case in open_cases([load("pending", NOW_MS + 5_000)], [], [], NOW_MS)] == [0]
