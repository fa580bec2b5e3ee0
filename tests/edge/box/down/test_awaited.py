"""Awaited cards at a box: told to every joined terminal, again when lost, and to nobody without the centre."""

from edge.box.down.awaited import CARDS_PER_TICK, KEPT_S
from edge.link.messages import AWAITED
from shared.ids import CardId
from shared.wire import topics
from shared.wire.messages import Awaited, encode_now
from tests.edge.rig import Body, Field

TCP1, TCP2 = ("tcp", 1), ("tcp", 2)
CARDS = tuple(CardId(b"\x53\x03" + n.to_bytes(8, "big")) for n in range(1, 4))


def name(field: Field, *cards: CardId) -> None:
    """The centre names these."""
    field.down(topics.DOWN_NOW, encode_now(Awaited(cards)))


def there(field: Field, number: int, place: tuple[str, int]) -> Body:
    """Joined, and heard since."""
    body = field.joined(number, place)
    field.hear(place, body.status())
    return body


def lists(body: Body) -> list[tuple[CardId, ...]]:
    return [AWAITED.decode(payload).cards for payload in body.awaited]


def test_a_list_reaches_every_terminal_once_and_so_does_its_end():
    field = Field()
    one, two = there(field, 1, TCP1), there(field, 2, TCP2)
    name(field, *CARDS)
    for _ in range(3):
        field.wait(0.25)
    assert lists(one) == lists(two) == [CARDS]
    name(field)
    for _ in range(3):
        field.wait(0.25)
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


def test_what_a_link_has_lost_is_told_again_when_the_centre_says_it_again():
    field = Field()
    body = there(field, 1, TCP1)
    name(field, *CARDS)
    field.places.clear()
    field.wait(0.25)
    field.places[TCP1] = body
    field.wait(60.0)
    assert lists(body) == []
    name(field, *CARDS)
    for _ in range(3):
        field.wait(0.25)
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


def test_without_the_broker_nobody_is_awaited():
    field = Field()
    body = there(field, 1, TCP1)
    name(field, *CARDS)
    field.wait(0.25)
    field.disconnect()
    field.wait(0.25)
    assert lists(body) == [CARDS, ()]


def test_a_list_that_the_centre_says_no_more_is_forgotten():
    field = Field()
    body = there(field, 1, TCP1)
    name(field, *CARDS)
    field.wait(0.25)
    field.wait(KEPT_S - 1)
    name(field, *CARDS)
    field.wait(KEPT_S - 1)
    assert lists(body)[-1] == CARDS
    field.wait(1)
    assert lists(body)[-1] == ()
