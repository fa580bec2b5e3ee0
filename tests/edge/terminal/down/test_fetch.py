"""The window of pages that a terminal asks for: bounded, and never at rest while pages come."""

from random import Random

import pytest

from edge.link.messages import DocumentPage
from edge.terminal.down.fetch import AGAIN_S, WINDOW, Fetch
from shared.errors import WireFault
from shared.fleet.document import decode_head, page_count, pages_of, table_of
from tests.edge.terminal.down.centre import Centre

BODY = Random(1).randbytes(30 * 1024 + 3)
COUNT = page_count(len(BODY))


class Line:
    """A fetch and the pages that are on their way to it."""

    def __init__(self) -> None:
        self.centre = Centre()
        signed = self.centre.signed(self.centre.make(BODY))
        self.fetch = Fetch(decode_head(signed.raw), signed, table_of(BODY), b"")
        self.flying: list[int] = []
        self.wants: list[tuple[int, ...]] = []

    def ask(self, now_s: float) -> None:
        want = self.fetch.want(now_s)
        if want is not None:
            self.wants.append(want.numbers)
            self.flying += want.numbers

    def come(self, now_s: float) -> None:
        number = self.flying.pop(0)
        assert self.fetch.take(self.centre.page(1, number))
        self.ask(now_s)


def test_while_pages_come_there_are_always_some_on_their_way_and_never_more_than_a_window() -> None:
    line = Line()
    line.ask(0.0)
    while not line.fetch.is_whole:
        assert len(line.flying) <= WINDOW
        assert len(line.flying) >= min(WINDOW // 2, COUNT - sum(map(len, line.wants)) + len(line.flying))
        line.come(0.1)
    assert [number for want in line.wants for number in want] == [*range(COUNT)], "each once, in order"
    assert line.fetch.body == BODY


def test_a_page_that_is_lost_is_asked_for_again_when_no_other_comes() -> None:
    line = Line()
    line.ask(0.0)
    line.flying.pop(0)
    now_s = 0.0
    while line.flying:
        now_s += AGAIN_S * 0.9
        line.come(now_s)
    assert line.fetch.want(now_s + AGAIN_S * 0.9) is None, "it may still come"
    line.ask(now_s + AGAIN_S)
    assert line.wants[-1] == (0,)
    line.come(now_s + AGAIN_S)
    assert line.fetch.is_whole


def test_asking_for_what_never_comes_is_counted() -> None:
    line, tries = Line(), []
    for at in range(4):
        assert line.fetch.want(at * AGAIN_S) is not None
        tries.append(line.fetch.tries)
    assert tries == [1, 2, 3, 4]
    line.fetch.take(line.centre.page(1, 0))
    assert line.fetch.tries == 0


@pytest.mark.parametrize("spoilt", ["short", "long", "wrong", "another generation", "not asked for"])
def test_a_page_that_is_not_the_one_is_passed_over(spoilt: str) -> None:
    line = Line()
    line.ask(0.0)
    kind, scope, generation, number, data = line.centre.page(1, 0)
    page = {
        "short": DocumentPage(kind, scope, generation, number, data[:-1]),
        "long": DocumentPage(kind, scope, generation, number, data + b"x"),
        "wrong": DocumentPage(kind, scope, generation, number, [*pages_of(BODY)][1]),
        "another generation": DocumentPage(kind, scope, generation + 1, number, data),
        "not asked for": DocumentPage(kind, scope, generation, COUNT, data),
    }[spoilt]
    assert not line.fetch.take(page)


def test_a_table_of_another_length_is_malformed() -> None:
    line = Line()
    with pytest.raises(WireFault):
        Fetch(line.fetch.head, line.fetch.signed, table_of(BODY)[:-1], b"")
