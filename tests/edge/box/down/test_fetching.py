"""Fetching a document: what is lacking, in batches, once at a time, and nothing that is not what the table means."""

from edge.box.down.fetching import ASK_AGAIN_S, Fetch
from shared.fleet.document import PAGE_SIZE
from shared.wire.fleet_lane import PAGES_MAX
from tests.edge.fleet_rig import Centre


def fetch_of(pages: int, base: bytes = b"") -> tuple[Fetch, Centre]:
    centre = Centre()
    made = centre.make(bytes(range(256)) * (4 * pages))
    return Fetch(made.head, made.offer(), base), centre


def test_batches_one_after_another():
    fetch, centre = fetch_of(PAGES_MAX + 3)
    [made] = centre.newest.values()
    first = fetch.ask(0.0)
    assert first.numbers == (*range(PAGES_MAX),)
    assert fetch.ask(ASK_AGAIN_S - 0.1) is None
    assert all(fetch.take(made.page(number)) for number in first.numbers[1:])
    assert fetch.ask(1.0) is None
    assert fetch.take(made.page(0))
    assert fetch.ask(1.0).numbers == (32, 33, 34)
    assert not fetch.take(made.page(0))


def test_pages_of_the_one_before_count_where_they_are_equal():
    _, centre = fetch_of(3)
    [made] = centre.newest.values()
    base = bytes(PAGE_SIZE) + made.body[PAGE_SIZE : 2 * PAGE_SIZE] + made.body[:10]
    fetch = Fetch(made.head, made.offer(), base)
    assert fetch.ask(0.0).numbers == (0, 2)
    assert fetch.begin_anew()
    assert fetch.ask(0.0).numbers == (0, 1, 2)
    assert not fetch.begin_anew()
    assert Fetch(made.head, made.offer(), made.body * 2).is_whole


def test_a_last_page_that_was_longer_before_is_not_taken_over():
    centre = Centre()
    made = centre.make(bytes(PAGE_SIZE + 1))
    assert Fetch(made.head, made.offer(), bytes(2 * PAGE_SIZE)).ask(0.0).numbers == (1,)
