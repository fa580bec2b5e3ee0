"""Awaited cards at a box: as a document to terminals that take documents, told card by card to any other one."""

from edge.box.down.awaited import AGAIN_S, CARDS_PER_TICK
from edge.link.messages import AWAITED
from shared.fleet.cards import awaited_body
from shared.fleet.document import CAMPUS, DocumentKind
from shared.ids import CardId
from shared.wire import topics
from shared.wire.messages import AWAITED_MAX, Awaited, encode_now
from tests.edge.rig import Body, Field

TCP1, TCP2 = ("tcp", 1), ("tcp", 2)
CARDS = tuple(CardId(b"\x53\x03" + n.to_bytes(8, "big")) for n in range(1, 4))
NAME = DocumentKind.AWAITED, CAMPUS


def name(field: Field, *cards: CardId) -> None:
    """The centre names these."""
    made = field.centre.make(awaited_body(cards), DocumentKind.AWAITED)
    field.offer(field.centre.key(DocumentKind.AWAITED), made.offer())


def there(field: Field, number: int, place: tuple[str, int]) -> Body:
    """Joined, and heard since: a terminal that takes no documents."""
    body = field.joined(number, place)
    field.hear(place, body.status())
    return body


def lists(body: Body) -> list[tuple[CardId, ...]]:
    return [AWAITED.decode(payload).cards for payload in body.awaited]


def ticks(field: Field, count: int) -> None:
    for _ in range(count):
        field.wait(0.25)


def test_a_terminal_that_takes_documents_has_it_as_one_and_is_told_nothing_beside():
    field = Field()
    field.connect()
    name(field, *CARDS)
    body = field.holding()
    ticks(field, 20)
    assert body.holder.in_use[NAME][1] == awaited_body(CARDS)
    assert lists(body) == []


def test_a_list_reaches_every_other_terminal_once_and_so_does_its_end():
    field = Field()
    one, two = there(field, 1, TCP1), there(field, 2, TCP2)
    name(field, *CARDS)
    ticks(field, 3)
    assert lists(one) == lists(two) == [CARDS]
    name(field)
    ticks(field, 3)
    assert lists(one) == lists(two) == [CARDS, ()]


def test_while_nobody_is_awaited_nothing_is_said():
    field = Field()
    body = there(field, 1, TCP1)
    name(field)
    for _ in range(20):
        field.wait(20.0)
    assert lists(body) == []


def test_a_terminal_hears_it_when_it_has_joined_and_has_spoken_and_again_when_it_joins_again():
    field = Field()
    field.connect()
    name(field, *CARDS)
    body = field.joined()
    field.wait(0.25)
    assert lists(body) == []  # on a bus it would overtake WELCOME
    field.hear(TCP1, body.status())
    field.wait(0.25)
    field.join(body)
    field.hear(TCP1, body.status())
    field.wait(0.25)
    assert lists(body) == [CARDS, CARDS]


def test_what_a_link_has_lost_is_told_again():
    field = Field()
    body = there(field, 1, TCP1)
    name(field, *CARDS)
    field.places.clear()
    field.wait(0.25)
    field.places[TCP1] = body
    field.wait(AGAIN_S - 1)
    assert lists(body) == []
    field.wait(1)
    assert lists(body) == [CARDS]


def test_a_long_list_does_not_go_to_all_terminals_in_one_tick():
    field = Field()
    one, two = there(field, 1, TCP1), there(field, 2, TCP2)
    cards = tuple(CardId(bytes(8) + n.to_bytes(2, "big")) for n in range(CARDS_PER_TICK))
    name(field, *cards)
    field.wait(0.25)
    assert (lists(one), lists(two)) == ([cards], [])
    field.wait(0.25)
    assert lists(two) == [cards]


def test_more_cards_than_such_a_terminal_has_room_for_are_not_told():
    field = Field()
    body = there(field, 1, TCP1)
    name(field, *(CardId(bytes(8) + n.to_bytes(2, "big")) for n in range(AWAITED_MAX + 1)))
    field.wait(0.25)
    assert [len(cards) for cards in lists(body)] == [AWAITED_MAX]


def test_without_the_broker_nobody_is_awaited_and_with_it_they_are_again():
    field = Field()
    body = there(field, 1, TCP1)
    name(field, *CARDS)
    field.wait(0.25)
    field.disconnect()
    field.wait(0.25)
    field.connect()
    field.wait(0.25)
    assert lists(body) == [CARDS, (), CARDS]


def test_the_list_of_release_0_1_counts_no_more():
    field = Field()
    body = there(field, 1, TCP1)
    field.down(topics.DOWN_NOW, encode_now(Awaited(CARDS)))
    ticks(field, 3)
    assert (lists(body), field.box.totals()["former_lists"]) == ([], 1)
