"""The session on real brokers: late PUBACK, redelivery, reconnect, take-over, refusals."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine

import gmqtt
import pytest

from cloud.ingest import mqtt
from cloud.ingest.mqtt import Endpoint, Session, SessionPlan
from cloud.ingest.ticket import Arrival
from compose.parts.standing import Standing
from compose.servers.login import new_login
from compose.servers.ports import free_port
from compose.servers.servers import embedded_broker
from shared.errors import ConfigFault
from shared.input.login import read_login
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
TOPIC = "oykt/v1/p07/edge-0001/up/money"
FILTER = (("oykt/v1/+/+/up/money", 1),)


async def swallow(_: Arrival) -> None:
    """Take and be done."""


def no_loss(_: str, __: int) -> None:
    """Nobody keeps tickets here."""


def no_thief(_: str) -> None:
    """Nobody came with our client id."""
    raise AssertionError


def plan(take: Callable[[Arrival], Awaitable[None]] = swallow, **changes: object) -> SessionPlan:
    values = {"client_id": "money.edge-0001", "filters": FILTER, "take": take, "pace": 1000}
    return SessionPlan(**(values | changes))


async def until(condition: Callable[[], bool], bound_s: float = PATIENCE_S) -> None:
    last = time.monotonic() + bound_s
    while not condition():
        assert time.monotonic() < last, "waited in vain"
        await asyncio.sleep(0.01)


async def publisher(port: int) -> gmqtt.Client:
    client = gmqtt.Client("edge-0001")
    await client.connect("127.0.0.1", port)
    return client


def run(story: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(story, PATIENCE_S))


def refusal(**changes: object) -> str:
    with pytest.raises(ConfigFault) as caught:
        mqtt.refuse_lossy(plan(**changes))
    return str(caught.value)


def test_share_is_refused_with_the_reason() -> None:
    assert "$share" in refusal(filters=(("$share/ingest/oykt/v1/+/+/up/money", 1),))


def test_mqtt_3_is_refused_with_the_reason() -> None:
    assert "3.1.1" in refusal(mqtt_version=4)


def test_a_plain_function_as_handler_is_refused_with_the_reason() -> None:
    assert "PUBACK" in refusal(take=lambda _: None)


def test_a_message_is_pubacked_only_when_its_handler_is_through(broker) -> None:
    """Not PUBACKed = it comes again to the next connection of this session."""
    seen: list[bytes] = []

    async def never(arrival: Arrival) -> None:
        seen.append(arrival.payload)
        await asyncio.Event().wait()

    async def once(arrival: Arrival) -> None:
        seen.append(arrival.payload)

    async def story() -> None:
        first = Session(plan(never), Endpoint("127.0.0.1", broker.port), no_loss, no_thief)
        task = asyncio.create_task(first.run())
        await asyncio.wait_for(first.up.wait(), PATIENCE_S)
        edge = await publisher(broker.port)
        for n in range(3):
            edge.publish(TOPIC, bytes((n,)), qos=1)
        await until(lambda: len(seen) == 3)
        first.close()
        await task
        second = Session(plan(once), Endpoint("127.0.0.1", broker.port), no_loss, no_thief)
        task = asyncio.create_task(second.run())
        await until(lambda: len(seen) == 6)
        second.close()
        await task
        third = Session(plan(once), Endpoint("127.0.0.1", broker.port), no_loss, no_thief)
        task = asyncio.create_task(third.run())
        await asyncio.wait_for(third.up.wait(), PATIENCE_S)
        edge.publish(TOPIC, b"\x09", qos=1)
        await until(lambda: b"\x09" in seen)
        third.close()
        await task
        await edge.disconnect()

    run(story())
    assert sorted(seen[:6]) == [b"\0", b"\0", b"\1", b"\1", b"\2", b"\2"]
    assert seen[6:] == [b"\x09"]


def test_pubacks_go_in_the_order_of_the_messages_whatever_is_done_first(broker) -> None:
    """The embedded broker ends the connection of whoever does otherwise, and what was under way is lost or late."""
    seen: list[bytes] = []
    free = asyncio.Event()

    async def take(arrival: Arrival) -> None:
        seen.append(arrival.payload)
        if arrival.payload == b"0":
            await free.wait()

    async def story() -> None:
        session = Session(plan(take), Endpoint("127.0.0.1", broker.port), no_loss, no_thief)
        task = asyncio.create_task(session.run())
        await asyncio.wait_for(session.up.wait(), PATIENCE_S)
        edge = await publisher(broker.port)
        for n in range(6):
            edge.publish(TOPIC, b"%d" % n, qos=1)
        await until(lambda: len(seen) == 6)
        edge.publish(TOPIC, b"behind", qos=1)
        await until(lambda: b"behind" in seen)
        free.set()
        edge.publish(TOPIC, b"after", qos=1)
        await until(lambda: b"after" in seen)
        assert (session.losses, len(seen)) == (0, 8), "no PUBACK was out of order, and nothing came again"
        session.close()
        await task
        await edge.disconnect()

    run(story())


def test_a_broker_that_died_with_all_its_data_is_found_again(broker) -> None:
    seen: list[bytes] = []
    lost: list[tuple[str, int]] = []

    async def take(arrival: Arrival) -> None:
        seen.append(arrival.payload)

    async def story() -> None:
        session = Session(plan(take), Endpoint("127.0.0.1", broker.port), lambda *what: lost.append(what), no_thief)
        task = asyncio.create_task(session.run())
        await asyncio.wait_for(session.up.wait(), PATIENCE_S)
        broker.kill()
        await until(lambda: not session.up.is_set())
        assert not session.publish("oykt/v1/p07/edge-0001/down/money", b"")
        broker.start()
        await asyncio.wait_for(session.up.wait(), PATIENCE_S)
        waiting = [str(task.get_coro()) for task in asyncio.all_tasks()]
        assert not any("Client.reconnect" in name for name in waiting), "the old client would come back in 6 s"
        edge = await publisher(broker.port)
        edge.publish(TOPIC, b"again", qos=1)
        await until(lambda: seen == [b"again"])
        session.close()
        await task
        await edge.disconnect()

    run(story())
    assert lost[0] == ("money.edge-0001", 1)


def test_a_taken_over_session_comes_back_and_hears_what_is_said_then(broker) -> None:
    """mosquitto says what has happened; the embedded broker only cuts."""
    seen: list[bytes] = []
    taken: list[str] = []

    async def take(arrival: Arrival) -> None:
        seen.append(arrival.payload)

    async def story() -> None:
        session = Session(plan(take), Endpoint("127.0.0.1", broker.port), no_loss, taken.append)
        task = asyncio.create_task(session.run())
        await asyncio.wait_for(session.up.wait(), PATIENCE_S)
        edge = await publisher(broker.port)
        for count in range(1, 4):
            thief = gmqtt.Client("money.edge-0001", clean_session=False, session_expiry_interval=60)
            thief.set_config({"reconnect_retries": -2})
            await thief.connect("127.0.0.1", broker.port)
            await until(lambda: session.connections > count and session.up.is_set())  # noqa: B023  # awaited at once
            edge.publish(TOPIC, bytes((count,)), qos=1)
            await until(lambda: bytes((count,)) in seen)  # noqa: B023
            await thief.disconnect()
        session.close()
        await task
        await edge.disconnect()

    run(story())
    assert taken == ["money.edge-0001"] * (3 if broker.kind == "mosquitto" else 0)


def test_a_silent_broker_is_given_up_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "CONNECT_MAX_S", 0.2)

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as hole:
            session = Session(plan(), Endpoint("127.0.0.1", hole.getsockname()[1]), no_loss, no_thief)
            task = asyncio.create_task(session.run())
            await until(lambda: session.losses >= 2)
            session.close()
            await task

    run(story())


def test_a_flood_past_the_bound_ends_the_connection_and_nothing_is_lost(
    broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "IN_HAND_MAX", 4)  # both brokers grant more
    free = asyncio.Event()
    seen: list[bytes] = []

    async def take(arrival: Arrival) -> None:
        await free.wait()
        seen.append(arrival.payload)

    async def story() -> None:
        session = Session(plan(take), Endpoint("127.0.0.1", broker.port), no_loss, no_thief)
        task = asyncio.create_task(session.run())
        await asyncio.wait_for(session.up.wait(), PATIENCE_S)
        edge = await publisher(broker.port)
        for n in range(10):
            edge.publish(TOPIC, bytes((n,)), qos=1)
        await until(lambda: session.losses >= 1)
        free.set()
        await until(lambda: set(seen) == {bytes((n,)) for n in range(10)})
        session.close()
        await task
        await edge.disconnect()

    run(story())


def test_a_flood_that_asks_for_no_puback_ends_no_connection(mosquitto_plain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded broker asks for a PUBACK of everything, and so keeps to what we take."""
    monkeypatch.setattr(mqtt, "IN_HAND_MAX", 4)
    free = asyncio.Event()
    seen: list[bytes] = []

    async def take(arrival: Arrival) -> None:
        seen.append(arrival.payload)
        await free.wait()

    async def story() -> None:
        session = Session(plan(take), Endpoint("127.0.0.1", mosquitto_plain.port), no_loss, no_thief)
        task = asyncio.create_task(session.run())
        await asyncio.wait_for(session.up.wait(), PATIENCE_S)
        edge = await publisher(mosquitto_plain.port)
        for n in range(10):
            edge.publish(TOPIC, bytes((n,)), qos=0)
        edge.publish(TOPIC, b"quiet", qos=1)
        await until(lambda: b"quiet" in seen)
        assert len(seen) == 5, "four of the flood"
        assert not session.losses
        free.set()
        session.close()
        await task
        await edge.disconnect()

    run(story())


def test_who_says_more_than_the_pace_is_read_slowly_and_to_the_end(broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "PACE_S", 0.1)
    seen: list[bytes] = []
    slowed: list[str] = []

    async def take(arrival: Arrival) -> None:
        seen.append(arrival.payload)

    async def story() -> None:
        endpoint = Endpoint("127.0.0.1", broker.port)
        session = Session(plan(take, pace=3), endpoint, no_loss, no_thief, slowed.append)
        task = asyncio.create_task(session.run())
        await asyncio.wait_for(session.up.wait(), PATIENCE_S)
        edge = await publisher(broker.port)
        for round_ in range(4):
            for n in range(9):
                edge.publish(TOPIC, bytes((round_, n)), qos=1)
            await until(lambda: len(seen) == 9 * (round_ + 1))  # noqa: B023  # awaited at once
        session.close()
        await task
        await edge.disconnect()

    run(story())
    assert seen == [bytes((round_, n)) for round_ in range(4) for n in range(9)]
    assert set(slowed) == {"money.edge-0001"}
    assert len(slowed) >= 4


def test_small_messages_leave_at_once(broker) -> None:
    async def story() -> None:
        session = Session(plan(), Endpoint("127.0.0.1", broker.port), no_loss, no_thief)
        task = asyncio.create_task(session.run())
        await asyncio.wait_for(session.up.wait(), PATIENCE_S)
        assert session._connection is not None
        transport = session._connection.client._connection._transport
        assert transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        session.close()
        await task

    run(story())


async def _giant(port: int) -> None:
    heard: list[bytes] = []

    async def take(arrival: Arrival) -> None:
        heard.append(arrival.payload)

    lost: list[int] = []
    session = Session(plan(take), Endpoint("127.0.0.1", port), lambda _, number: lost.append(number), no_thief)
    task = asyncio.create_task(session.run())
    await asyncio.wait_for(session.up.wait(), PATIENCE_S)
    client = await publisher(port)
    client.publish(TOPIC, bytes(mqtt.PACKET_MAX), qos=1)
    client.publish(TOPIC, b"of ours", qos=1)
    await until(lambda: heard == [b"of ours"], 20.0)
    assert lost == []
    await client.disconnect()
    session.close()
    await task


def test_a_giant_that_a_broker_lets_in_never_reaches_the_session(mosquitto_plain) -> None:
    """By its default mosquitto takes 256 MB."""
    run(_giant(mosquitto_plain.port))


def test_a_broker_that_asks_for_a_login_is_given_ours(tmp_path) -> None:
    file, port = new_login(tmp_path / "login"), free_port()

    async def story() -> None:
        ours = Endpoint("127.0.0.1", port, login=read_login(file))
        anybody = Endpoint("127.0.0.1", port)
        sessions = [Session(plan(client_id="a"), ours, no_loss, no_thief), Session(plan(), anybody, no_loss, no_thief)]
        tasks = [asyncio.create_task(session.run()) for session in sessions]
        await asyncio.wait_for(sessions[0].up.wait(), PATIENCE_S)
        assert not sessions[1].up.is_set()
        for session in sessions:
            session.close()
        await asyncio.gather(*tasks)

    with Standing(embedded_broker(port, login=file), tmp_path):
        run(story())
