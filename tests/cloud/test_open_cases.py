"""Open cases: what is in transit or in suspense, once each, the oldest first."""

from cloud.ledger.views import LoadView, RecordView, SuspenseView
from cloud.open_cases import OpenCase, open_cases

MACHINE, NOW_MS = b"\0\1\0\0\0\7", 1_784_000_100_000


def load(state: str, opened_ms: int, label: str = "0007") -> LoadView:
    return LoadView(MACHINE, 1, 9, b"card------", label, 3, 5000, state, "granted", "", opened_ms, opened_ms)


def grey(kind: str, opened_ms: int) -> SuspenseView:
    record = RecordView(
        1, b"\0\1\0\0\0\2", "pos-02", 1, 41, kind, b"card------", "0008", 5, 1250, 0, opened_ms, "suspense", "", b""
    )
    return SuspenseView(record, opened_ms)


def test_pending_loads_and_grey_purchases_oldest_first() -> None:
    found = open_cases(
        [load("pending", NOW_MS - 5_900), load("confirmed", 0), load("reversed", 0), load("refused", 0)],
        [grey("unproven", NOW_MS - 90_000), grey("load_unproven", 0)],
        {MACHINE: "load-01"},
        NOW_MS,
    )
    assert found == [
        OpenCase("suspense", "pos-02", 41, "0008", 1250, 90),
        OpenCase("transit", "load-01", 9, "0007", 5000, 5),
    ]


def test_what_has_no_name_is_called_by_its_number_and_no_age_is_negative() -> None:
    (case,) = open_cases([load("pending", NOW_MS + 5_000, label="")], [], {}, NOW_MS)
    assert (case.terminal, case.card, case.age_s) == (MACHINE.hex(), b"card------".hex(), 0)
