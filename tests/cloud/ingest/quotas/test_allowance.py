"""How much a sender may bring, by a clock that the test moves."""

from cloud.ingest.quotas import allowance
from cloud.ingest.quotas.allowance import Allowance
from shared.ids import BoxId

A, B = BoxId("a"), BoxId("b")


def test_a_burst_then_what_comes_back_with_time_and_never_more_than_the_burst() -> None:
    store = Allowance(3, 2.0)
    assert [store.take(A, 10.0) for _ in range(4)] == [True, True, True, False]
    assert store.take(B, 10.0), "another one has his own"
    assert [store.take(A, 11.0) for _ in range(3)] == [True, True, False]
    assert [store.take(A, 99.0) for _ in range(4)] == [True, True, True, False]


def test_refusals_cost_nothing_and_a_clock_that_goes_back_gives_nothing() -> None:
    store = Allowance(1, 1.0)
    assert store.take(A, 10.0)
    assert not any(store.take(A, 10.0 + n / 100) for n in range(99))
    assert store.take(A, 11.001)
    assert not store.take(A, 5.0)


def test_too_many_names_share_one_store(monkeypatch) -> None:
    monkeypatch.setattr(allowance, "SENDERS_MAX", 2)
    store = Allowance(2, 0.0)
    assert [store.take(BoxId(f"box-{n}"), 0.0) for n in range(5)] == [True, True, True, True, False]
