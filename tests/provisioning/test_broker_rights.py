"""A real broker with the files of a campus: a box speaks as itself, the ingest hears all, strangers get nothing."""

import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from compose.parts.standing import Standing
from compose.servers.ports import LOOPBACK, free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, mosquitto
from shared.ids import BoxId, partition_of
from shared.wire.topics import DOWN_MONEY, UP_BULK, UP_MONEY, subscriptions, topic
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def doors(campus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("broker")
    ports = BrokerPorts(free_port(), free_port())
    with Standing(mosquitto(folder, ports, BrokerFiles.of_campus(campus.data)), folder):
        yield ports


@pytest.fixture
def port(doors):
    return doors.boxes


class Peer:
    """One client, known by its certificate."""

    def __init__(self, port: int, folder: Path, stem: str, client_id: str = "") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.losses: list[str] = []
        self.client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_disconnect = lambda _client, _data, _flags, reason, _more: self.losses.append(str(reason))
        self.client.tls_set_context(context(folder, stem))
        self.client.on_message = lambda _client, _data, message: self.heard.append((message.topic, message.payload))
        ready = threading.Event()
        self.client.on_connect = lambda *_: ready.set()
        self.client.connect(LOOPBACK, port)
        self.client.loop_start()
        assert ready.wait(PATIENCE_S)

    def publish(self, where: str, payload: bytes) -> str:
        """What the broker answered."""
        answers: list[str] = []
        done = threading.Event()
        self.client.on_publish = lambda _client, _data, _mid, reason, _more: (answers.append(str(reason)), done.set())
        self.client.publish(where, payload, qos=1)
        assert done.wait(PATIENCE_S)
        return answers[0]

    def subscribe(self, where: str) -> None:
        done = threading.Event()
        self.client.on_subscribe = lambda *_: done.set()
        self.client.subscribe(where, qos=1)
        assert done.wait(PATIENCE_S)

    def wait_for(self, count: int) -> list[tuple[str, bytes]]:
        last = time.monotonic() + PATIENCE_S
        while len(self.heard) < count:
            assert time.monotonic() < last, self.heard
            time.sleep(0.005)
        return self.heard

    def wait_lost(self) -> list[str]:
        last = time.monotonic() + PATIENCE_S
        while not self.losses:
            assert time.monotonic() < last
            time.sleep(0.005)
        return self.losses[:1]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def context(folder: Path, stem: str) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=folder / "ca.pem")
    if stem:
        made.load_cert_chain(folder / f"{stem}.pem", folder / f"{stem}.key")
    return made


def test_each_may_do_what_the_topics_say_and_no_more(campus, doors, port) -> None:
    bus = BoxId("bus-1")
    own, down = (topic(partition_of(bus), bus, lane) for lane in (UP_MONEY, DOWN_MONEY))
    ingest = Peer(doors.cloud, campus.data / "cloud", "ingest")
    box = Peer(port, campus.data / "boxes/bus-1", "box")
    stranger = Peer(port, campus.data / "boxes/canteen-1", "box")
    try:
        (everything,) = subscriptions(UP_MONEY)
        ingest.subscribe(everything)
        box.subscribe(down)
        stranger.subscribe("#")
        assert stranger.publish(own, b"in another's name") == "Not authorized"
        assert box.publish(own, b"mine") == "Success"
        assert ingest.wait_for(1) == [(own, b"mine")]
        assert ingest.publish(down, b"answer") == "Success"
        assert box.wait_for(1) == [(down, b"answer")]
        assert ingest.publish(own, b"not from a box") == "Not authorized"
        assert stranger.heard == []
    finally:
        for peer in (ingest, box, stranger):
            peer.close()


def test_the_watch_hears_what_may_be_lost_and_nothing_of_money(campus, doors, port) -> None:
    bus = BoxId("bus-1")
    bulk, money = (topic(partition_of(bus), bus, lane) for lane in (UP_BULK, UP_MONEY))
    watch = Peer(doors.cloud, campus.data / "cloud", "watch", "watch")
    ingest = Peer(doors.cloud, campus.data / "cloud", "ingest")
    box = Peer(port, campus.data / "boxes/bus-1", "box")
    stranger = Peer(port, campus.data / "boxes/canteen-1", "box")
    try:
        for one in (watch, ingest, stranger):
            one.subscribe("#")
            one.subscribe(*subscriptions(UP_BULK))
        watch.subscribe("$SYS/broker/uptime")
        assert stranger.publish(bulk, b"in another's name") == "Not authorized"
        assert [box.publish(where, b"mine") for where in (money, bulk)] == ["Success"] * 2
        until = time.monotonic() + PATIENCE_S
        while not {where for where, _ in watch.heard} >= {bulk, "$SYS/broker/uptime"}:
            assert time.monotonic() < until, watch.heard
            time.sleep(0.005)
        assert {where for where, _ in watch.heard if not where.startswith("$SYS")} == {bulk}
        assert [watch.publish(where, b"") for where in (bulk, money)] == ["Not authorized"] * 2
        assert {where for where, _ in ingest.wait_for(1)} == {money}
        assert stranger.heard == []
    finally:
        for peer in (watch, ingest, box, stranger):
            peer.close()


def test_nobody_throws_another_off_by_taking_his_client_id(campus, doors) -> None:
    """Neither the other box nor a session of the ingest: a box is who its certificate says."""
    bus, canteen = BoxId("bus-1"), campus.data / "boxes/canteen-1"
    own = topic(partition_of(bus), bus, UP_MONEY)
    ingest = Peer(doors.cloud, campus.data / "cloud", "ingest", "money.canteen-1")
    box = Peer(doors.boxes, campus.data / "boxes/bus-1", "box", "bus-1")
    thieves = []
    try:
        ingest.subscribe(*subscriptions(UP_MONEY))
        for client_id in ("bus-1", "money.canteen-1", "cloud-ingest"):
            thieves.append(Peer(doors.boxes, canteen, "box", client_id))
            thieves[-1].subscribe("#")
        assert box.publish(own, b"still here") == "Success"
        assert ingest.wait_for(1) == [(own, b"still here")]
        for thief in thieves[:2]:
            assert thief.wait_lost() == ["Session taken over"], "by himself, and so nobody else"
        assert (box.losses, ingest.losses) == ([], [])
    finally:
        for peer in (ingest, box, *thieves):
            peer.close()


@pytest.mark.parametrize("folder", ["boxes/canteen-1", "boxes/bus-1"])
def test_no_box_comes_in_by_the_clouds_door(campus, doors, folder: str) -> None:
    with socket.create_connection((LOOPBACK, doors.cloud), PATIENCE_S) as raw:
        raw.settimeout(PATIENCE_S)
        with (
            pytest.raises((ssl.SSLError, ConnectionError)),
            context(campus.data / folder, "box").wrap_socket(raw, server_hostname="localhost") as tls,
        ):
            tls.recv(1)


def test_without_a_certificate_nobody_gets_in(campus, port) -> None:
    with socket.create_connection((LOOPBACK, port), PATIENCE_S) as raw:
        raw.settimeout(PATIENCE_S)
        with (
            pytest.raises(ssl.SSLError),
            context(campus.data / "cloud", "").wrap_socket(raw, server_hostname="localhost") as tls,
        ):
            tls.recv(1)  # TLS 1.3 tells a client that it may not come in only after the handshake
