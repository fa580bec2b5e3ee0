"""The sessions that the ingest has for each box: which there are, and who hears what through which."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.ingest.mqtt import Endpoint
from cloud.ingest.sessions import MONEY, NOW, Ears, Sessions, session_of
from cloud.ingest.ticket import Arrival, Letter
from cloud.process.settings import MqttChoice
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from compose.servers.servers import embedded_broker
from shared.errors import ConfigFault
from shared.ids import BoxId, box_id
from shared.wire.topics import DOWN_MONEY, DOWN_NOW, STATE, UP_MONEY, UP_NOW, topic
from tests.cloud.ingest.test_mqtt import publisher, run, until
from tests.patience import PATIENCE_S

A, B, STRANGER = (BoxId(name) for name in ("canteen-1", "bus-1", "stranger"))


def ears(heard: list[Arrival]) -> Ears:
    async def take(arrival: Arrival) -> None:
        heard.append(arrival)

    def never(*_: object) -> None:
        raise AssertionError

    return Ears(take, lambda *_: None, never, never, never)


@pytest.fixture
def port(tmp_path: Path):
    port = free_port()
    with Standing(embedded_broker(port), tmp_path):
        yield port


@pytest.mark.process
def test_each_box_has_two_of_its_own_and_a_new_one_gets_them_while_all_goes_on(port: int) -> None:
    heard: list[Arrival] = []

    async def story() -> None:
        sessions = Sessions(Endpoint("127.0.0.1", port), MqttChoice(), ears(heard))
        sessions.follow({A: 7})
        await sessions.all_up()
        sessions.follow({A: 7, B: 9})
        await asyncio.wait_for(sessions.all_up(), PATIENCE_S)
        assert sessions.are_up
        edge = await publisher(port)
        for box, partition in ((A, 7), (B, 9), (STRANGER, 3)):
            for lane in (UP_NOW, UP_MONEY, STATE):
                edge.publish(topic(partition, box, lane), box.encode(), qos=1)
        await until(lambda: len(heard) == 6)
        await edge.disconnect()
        await sessions.end(5.0)

    run(story())
    assert {(one.session, one.payload) for one in heard} == {
        (session_of(box, lane), box.encode()) for box in (A, B) for lane in (NOW, MONEY)
    }
    assert sum(one.session == session_of(A, NOW) for one in heard) == 2, "its state with what cannot wait"


@pytest.mark.process
def test_a_letter_goes_to_its_box_and_one_for_nobody_says_so(port: int) -> None:
    got: list[bytes] = []

    async def story() -> None:
        sessions = Sessions(Endpoint("127.0.0.1", port), MqttChoice(), ears([]))
        sessions.follow({A: 7})
        await sessions.all_up()
        edge = await publisher(port)
        edge.on_message = _collected(got)
        granted: list[object] = []
        edge.on_subscribe = lambda *words: granted.append(words)
        for lane in (DOWN_NOW, DOWN_MONEY):
            edge.subscribe(topic(7, A, lane))
        await until(lambda: len(granted) == 2)
        for lane in (DOWN_NOW, DOWN_MONEY):
            await until(lambda lane=lane: sessions.publish(Letter(lane, topic(7, A, lane), lane.encode())))
        assert not sessions.publish(Letter(DOWN_NOW, topic(9, B, DOWN_NOW), b""))
        await until(lambda: set(got) == {DOWN_NOW.encode(), DOWN_MONEY.encode()})
        await edge.disconnect()
        await sessions.end(5.0)
        assert not sessions.publish(Letter(DOWN_NOW, topic(7, A, DOWN_NOW), b""))

    run(story())


def _collected(got: list[bytes]) -> Callable[..., object]:
    async def hear(_client: object, _topic: str, payload: bytes, *_: object) -> int:
        got.append(bytes(payload))
        return 0

    return hear


def test_what_would_lose_records_is_refused_before_there_is_any_box() -> None:
    for choice, said in ((MqttChoice(share="g"), "share"), (MqttChoice(version=4), "3.1.1")):
        with pytest.raises(ConfigFault, match=said):
            Sessions(Endpoint("127.0.0.1", 1), choice, ears([]))


def test_no_box_can_have_a_name_that_is_a_sessions() -> None:
    for lane in (NOW, MONEY):
        with pytest.raises(Exception, match="box id"):
            box_id(session_of(A, lane))
