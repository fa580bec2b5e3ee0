"""A store that stays away is an alarm, after a minute, that one and no other; one that is back ends it."""

from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.states import Deed
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.alarms.watching import Watching

STORE = Source(Kind.SERVICE, "metrics")


def read(watching: Watching, at_ms: int, value: int) -> list[tuple[str, Deed | None]]:
    changes = watching.read([Signal("metrics-away", STORE, at_ms, value)], is_meal=False) + watching.passed(at_ms)
    return [(change.key.rule, change.deed) for change in changes if change.deed]


def test_it_comes_after_a_minute_and_goes_when_the_store_is_back() -> None:
    watching = Watching(RULES)
    assert [read(watching, at_ms, 1) for at_ms in (1, 30_000, 60_000)] == [[], [], []]
    assert read(watching, 60_001, 1) == [("metrics-away", Deed.RAISED)]
    assert read(watching, 70_000, 0) == []
    assert read(watching, 80_000, 0) == [("metrics-away", Deed.RETURNED)]


def test_one_that_stumbles_is_none() -> None:
    watching = Watching(RULES)
    assert [read(watching, at_ms, value) for at_ms, value in ((1, 1), (59_000, 1), (60_500, 0), (90_000, 1))] == [
        []
    ] * 4
