"""One person at the box puts a spare in a broken body's place, without the cloud; nothing else sells by it."""

from dataclasses import replace

import pytest

from edge.box.terminals.swaps import TELL_EVERY_S
from edge.link.messages import Refusal
from edge.settings import SpareSetting, SwapOrder
from shared.inventory import DeviceKind
from shared.wire.messages import EpochRequest, Swap
from tests.edge.rig import Body, Field, device, psam, settings

SPARE = 50
TCP1, TCP2 = ("tcp", 1), ("tcp", 2)
ORDER = SwapOrder(device(SPARE), device(1), "张三", 800_000_100)


@pytest.fixture
def field():
    spare = SpareSetting(device(SPARE), "spare-01", DeviceKind.POS, bytes((SPARE,)) * 16, 1)
    return Field(replace(settings(), spares=(spare,)))


@pytest.fixture
def broken(field):
    body = field.joined(1, TCP1)
    field.hear(TCP1, body.sell())
    field.disconnect()
    field.run(field.box.on_peer(field.now(), *TCP1, False))
    return body


def order(field, *orders):
    field.run(field.box.on_swaps(field.now(), orders))


def spare(field, card=1, place=TCP2):
    """The spare comes, with this PSAM in it, and joins again as a terminal without an epoch does."""
    body = field.join(Body(SPARE, psam=psam(card)), place)
    return body if body.refused or body.current else field.join(body, place)


def swaps(field):
    return [message for message in field.up if isinstance(message, Swap)]


def test_spare_sells_without_the_cloud_and_its_records_are_kept(field, broken):
    order(field, ORDER)
    body = spare(field)
    assert body.current == 1
    field.hear(TCP2, body.sell())
    assert body.acked == {1: 1}
    assert not any(isinstance(message, EpochRequest) and message.device == device(SPARE) for message in field.up)
    field.connect()
    assert [batch.records[0][:14] for batch in field.batches][-1] == device(SPARE) + b"\0\1" + psam(1)


def test_the_centre_hears_of_it_at_each_connection_and_again(field, broken):
    order(field, ORDER)
    body = spare(field)
    assert swaps(field) == []
    field.connect()
    told = Swap(device(SPARE), device(1), body.storage, psam(1), 1, 800_000_100, "张三")
    assert swaps(field) == [told]
    field.wait(TELL_EVERY_S)
    assert swaps(field) == [told] * 2


def test_spare_without_an_order_sells_nothing_and_is_told(field, broken):
    body = spare(field)
    assert (body.refused, body.welcome) == (Refusal.UNKNOWN_DEVICE, None)
    field.connect()
    assert field.codes() == ["spare-waits"]


def test_spare_with_a_psam_that_the_broken_body_never_had_sells_nothing(field, broken):
    order(field, ORDER)
    body = spare(field, card=2)
    assert (body.current, body.refused) == (0, Refusal.PSAM_MOVED)


def test_order_for_bodies_that_are_not_of_this_box_does_not_count(field, broken):
    order(field, replace(ORDER, broken=device(77)), replace(ORDER, spare=device(2)))
    assert spare(field).refused is Refusal.UNKNOWN_DEVICE


def test_broken_body_sells_no_more_and_hands_over_what_it_owes(field, broken):
    broken.sell()
    order(field, ORDER)
    spare(field)
    field.join(broken, TCP1)
    assert (broken.current, broken.welcome is not None) == (0, True)
    field.hear(TCP1, *broken.resend())
    assert broken.acked[1] == 2
    field.connect()
    assert "terminal-no-epoch" in field.codes()


def test_swap_outlives_the_box(field, broken):
    order(field, ORDER)
    spare(field)
    field.crash()
    order(field, ORDER)
    assert spare(field).current == 1


def test_another_flash_in_the_spare_gets_another_epoch(field, broken):
    order(field, ORDER)
    spare(field)
    again = field.join(Body(SPARE, psam=psam(1), storage=b"storage9"), TCP2)
    assert field.join(again, TCP2).current == 2


def test_order_that_is_taken_back_ends_the_spares_conversation(field, broken):
    order(field, ORDER)
    body = spare(field)
    order(field)
    field.hear(TCP2, body.sell())
    assert body.acked == {1: 0}
    assert spare(field).refused is Refusal.UNKNOWN_DEVICE
    assert field.join(Body(1), TCP1).current == 1


def test_order_that_is_taken_back_ends_the_spares_join_too(field, broken):
    order(field, ORDER)
    body = field.places[TCP2] = Body(SPARE, psam=psam(1))
    (challenge,) = field.box.on_message(field.now(), *TCP2, body.hello())
    auth = body.hear(challenge.message)
    order(field)
    field.hear(TCP2, *auth)
    assert (body.current, body.welcome) == (0, None)
    field.connect()
    assert not any(isinstance(message, EpochRequest) and message.device == device(SPARE) for message in field.up)
    assert spare(field).refused is Refusal.UNKNOWN_DEVICE


def test_box_that_has_lost_its_memory_lets_the_spare_sell_in_the_epoch_that_it_proves(field, broken):
    order(field, ORDER)
    body = spare(field)
    field.hear(TCP2, body.sell())
    other = Field(field.settings)
    order(other, ORDER)
    other.places[TCP2] = body
    other.hear(TCP2, body.hello())
    assert body.current == 1
    another = Field(field.settings)
    order(another, ORDER)
    assert spare(another).refused is Refusal.PSAM_MOVED


def test_states_name_the_spare_in_place(field, broken):
    assert [state.device for state in field.box.states()] == [device(1), device(2)]
    order(field, ORDER)
    spare(field)
    states = {state.device: state.state for state in field.box.states()}
    assert states[device(SPARE)] == "joined"
