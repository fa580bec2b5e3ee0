"""Between turns and a store: bounded, the oldest go and are counted, and what is away is tried again."""

from cloud.watch.metrics.away import MetricsAway
from cloud.watch.metrics.sink import AGAIN_MS, BATCH_MAX, Sink


class Store:
    """Takes what it is given, or says what it was told to say."""

    def __init__(self) -> None:
        self.fault: MetricsAway | None = None
        self.taken: list[str] = []

    def write(self, lines: str) -> None:
        if self.fault:
            raise self.fault
        self.taken += lines.split("\n")


def test_a_batch_goes_and_then_there_is_none() -> None:
    store = Store()
    sink = Sink(store)
    sink.take(["a", "b"])
    assert (sink.turn(0), sink.turn(0), store.taken) == (2, 0, ["a", "b"])
    assert not sink.is_away


def test_what_a_store_that_is_away_was_offered_comes_first_when_it_is_back() -> None:
    store = Store()
    sink = Sink(store)
    store.fault = MetricsAway("HTTP 503")
    sink.take(["a"])
    assert (sink.turn(0), sink.is_away) == (0, True)
    sink.take(["b"])
    store.fault = None
    assert sink.turn(AGAIN_MS - 1) == 0, "not yet"
    assert [sink.turn(AGAIN_MS), sink.turn(AGAIN_MS)] == [1, 1]
    assert (store.taken, sink.is_away, sink.counts.metrics_dropped) == (["a", "b"], False, 0)


def test_at_the_bound_the_oldest_go_and_are_counted() -> None:
    store = Store()
    sink = Sink(store, most=3)
    sink.take("abcde")
    sink.turn(0)
    assert (store.taken, sink.counts.metrics_dropped, sink.counts.metrics_written) == (["c", "d", "e"], 2, 3)


def test_what_is_refused_for_good_is_not_offered_again() -> None:
    store = Store()
    sink = Sink(store)
    store.fault = MetricsAway("HTTP 400", for_good=True)
    sink.take("ab")
    assert (sink.turn(0), sink.turn(0), sink.counts.metrics_dropped) == (2, 0, 2)
    assert sink.is_away, "nothing is kept until it takes something"
    store.fault = None
    sink.take("c")
    assert (sink.turn(1), sink.is_away, store.taken) == (1, False, ["c"])


def test_a_batch_is_bounded() -> None:
    sink = Sink(Store())
    sink.take("a" for _ in range(BATCH_MAX + 1))
    assert [sink.turn(0), sink.turn(0)] == [BATCH_MAX, 1]
