"""What terminals say at length and count: on to the centre, and the next piece when the broker has the last."""

import pytest

from edge.box.box import REFUSED_FROM
from edge.box.up import sayings
from edge.link import messages as link
from edge.link.messages import Type
from shared.fleet.document import DocumentKind, device_scope
from shared.wire.fleet_lane import Declines, OnLink, Piece, Tallied
from tests.edge.rig import Body, Field, device

TCP1 = "tcp", 1


@pytest.fixture
def field() -> Field:
    return Field()


def up(field: Field, *kinds: type) -> list[object]:
    return [one for one in field.up if isinstance(one, kinds)]


def say_piece(field: Field, terminal: Body, number: int = 0) -> None:
    field.hear(TCP1, terminal.say(Type.PIECE, link.PIECE.encode(link.Piece(9, 7, number, 2, b"log"))))


def say_tally(field: Field, terminal: Body, day: int = 5, served: int = 1) -> None:
    field.hear(TCP1, terminal.say(Type.TALLY, link.TALLY.encode(link.Tally(3, day, 2, served, (Declines(23, 4),)))))


def taken(field: Field) -> int:
    return sum(send.message[0] == Type.PIECE_TAKEN for send in field.sent)


def test_a_piece_goes_up_and_its_terminal_hears_of_it_when_the_broker_has_it(field):
    terminal = field.joined()
    field.sent.clear()
    say_piece(field, terminal)
    assert up(field, Piece) == [Piece(device(1), 9, 7, 0, 2, b"log")]
    assert taken(field) == 1


def test_without_a_way_on_nobody_is_told_that_a_piece_was_taken(field):
    terminal = field.joined()
    field.disconnect()
    field.sent.clear()
    say_piece(field, terminal)
    assert taken(field) == 0
    field.connect()
    assert (up(field, Piece), taken(field)) == ([], 0), "the terminal still has it"


def test_a_piece_that_the_broker_refuses_is_not_taken(field):
    terminal = field.joined()
    box, now = field.box, field.now()
    sealed = terminal.say(Type.PIECE, link.PIECE.encode(link.Piece(9, 7, 0, 1, b"log")))
    effects = box.on_message(now, *TCP1, sealed)
    (token,) = [effect.token for effect in effects if hasattr(effect, "token")]
    refused = box.on_published(now, token, REFUSED_FROM)
    assert not [one for one in refused if getattr(one, "message", b"\0")[0] == Type.PIECE_TAKEN]


def test_counts_go_up_and_the_newest_of_each_day_again_at_each_connection(field, monkeypatch):
    monkeypatch.setattr(sayings, "TALLIES_MAX", 2)
    terminal = field.joined()
    for day, served in ((4, 1), (5, 1), (5, 2), (6, 1)):
        say_tally(field, terminal, day, served)
    assert up(field, Tallied)[2] == Tallied(device(1), 3, 5, 2, 2, (Declines(23, 4),))
    field.disconnect()
    field.up.clear()
    field.connect()
    assert [(one.day, one.served) for one in up(field, Tallied)] == [(5, 2), (6, 1)]


def test_an_order_that_is_on_the_link_is_said_to_be(field):
    terminal = field.holding()
    order = field.centre.make(b"order", DocumentKind.ORDER, device_scope(device(1)))
    field.offer(field.centre.key(DocumentKind.ORDER), order.offer())
    for _ in range(8):
        field.wait(0.25)
    assert up(field, OnLink) == [OnLink(device(1), 1)]
    assert terminal.holder.in_use
