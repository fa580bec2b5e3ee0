"""Operator cards and awaited cards at a whole body: what the document in use says, else what it had before."""

import pytest

from edge.link import messages as link
from edge.link.messages import Type
from edge.terminal.store.papers import MemoryPapers
from edge.terminal.taps.awaited import AGAIN_S, QUIET_S, AwaitedCards
from edge.terminal.taps.steps import End
from shared.fleet.cards import awaited_body, operators_body
from shared.fleet.document import DocumentKind
from shared.ids import CardId
from shared.purse.reasons import Reason
from shared.wire.fleet_lane import Verdict
from tests.edge.terminal.conftest import Bench
from tests.edge.terminal.down.centre import CAMPUS_PUBLIC, Centre

BOSS = CardId(bytes.fromhex("530300000000f0000001"))
OTHER = CardId(bytes.fromhex("530300000000f0000002"))
CARD = CardId(b"\x53\3" + 7 .to_bytes(8, "big"))


class Counter(Bench):
    """A body that takes documents, and a centre of two kinds."""

    def __init__(self, school, **changed):
        self.papers = MemoryPapers()
        self.centres = {kind: Centre(kind) for kind in (DocumentKind.OPERATORS, DocumentKind.AWAITED)}
        super().__init__(school, papers=self.papers, campus_key=CAMPUS_PUBLIC.hex(), **changed)
        self.edge.wanted = self._pages
        self.connect()

    def _pages(self, want):
        pages = (self.centres[want.kind].page(want.generation, number) for number in want.numbers)
        return [self.edge.seal(Type.DOCUMENT_PAGE, link.DOCUMENT_PAGE.encode(page)) for page in pages]

    def offer(self, kind: DocumentKind, body: bytes) -> Verdict:
        """What was said of it in the end."""
        centre = self.centres[kind]
        generation = centre.make(body)
        self.deliver(self.edge.seal(Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(centre.key)))
        self.deliver(self.edge.seal(Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(centre.head(generation))))
        self.wait(0)
        said = self.edge.reports[-1]
        assert (said.kind, said.offered) == (kind, generation)
        return said.verdict

    def void_by_boss(self, number: int):
        return self.void_with(self.school.operator(), number)


@pytest.fixture
def counter(school):
    return Counter(school, operators=[BOSS.hex()])


def sell(counter: Counter, times: int) -> None:
    for _ in range(times):
        counter.sell(counter.school.memory(), 300)


def test_a_withdrawn_operator_voids_nothing_from_the_next_tap_on(counter):
    sell(counter, 3)
    assert counter.void_by_boss(1).end is End.DONE, "its settings count while no document is here"
    assert counter.offer(DocumentKind.OPERATORS, operators_body([BOSS, OTHER])) is Verdict.IN_USE
    assert counter.void_by_boss(2).end is End.DONE
    assert counter.offer(DocumentKind.OPERATORS, operators_body([OTHER])) is Verdict.IN_USE
    assert counter.void_by_boss(3).reason is Reason.VOID_OPERATOR
    counter.firmware.close()
    counter.power_on()
    counter.connect()
    assert counter.void_by_boss(3).reason is Reason.VOID_OPERATOR, "whatever its settings say"


def test_an_operator_that_the_settings_have_never_named_voids(school):
    counter = Counter(school)
    sell(counter, 1)
    assert counter.void_by_boss(1).reason is Reason.VOID_OPERATOR
    counter.offer(DocumentKind.OPERATORS, operators_body([BOSS]))
    assert counter.void_by_boss(1).end is End.DONE


def test_a_list_that_is_none_is_refused_and_the_one_of_before_counts(counter):
    sell(counter, 1)
    counter.offer(DocumentKind.OPERATORS, operators_body([BOSS]))
    assert counter.offer(DocumentKind.OPERATORS, operators_body([OTHER])[:-1]) is Verdict.MALFORMED
    assert counter.void_by_boss(1).end is End.DONE


def test_awaited_cards_of_the_document_count_and_what_the_edge_tells_beside_does_not(counter):
    asks = counter.firmware.body.awaited.asks
    counter.deliver(counter.edge.seal(Type.AWAITED, OTHER))
    assert (asks(OTHER, 0.0), asks(CARD, 0.0)) == (True, False)
    assert counter.offer(DocumentKind.AWAITED, awaited_body([CARD])) is Verdict.IN_USE
    assert (asks(OTHER, 0.0), asks(CARD, 0.0)) == (False, True)


def test_a_card_asks_again_only_later_and_nobody_does_while_the_centre_is_silent():
    awaited = AwaitedCards(lambda: frozenset((CARD, OTHER)))
    awaited.asked(CARD, 100.0)
    assert (awaited.asks(CARD, 100.0), awaited.asks(OTHER, 100.0)) == (False, True)
    assert awaited.asks(CARD, 100.0 + AGAIN_S)
    awaited.centre_is_silent(200.0)
    assert not awaited.asks(OTHER, 200.0 + QUIET_S - 1)
    assert awaited.asks(OTHER, 200.0 + QUIET_S)
