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
from compose.servers.servers import BrokerFiles, mosquitto
from shared.ids import BoxId, partition_of
from shared.wire.topics import DOWN_MONEY, UP_MONEY, subscriptions, topic

WAIT_S = 10.0
pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def port(campus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("broker")
    names = ("ca.pem", "broker.pem", "broker.key", "acl", "crl.pem")
    files = BrokerFiles(*(campus.data / "broker" / name for name in names))
    port = free_port()
    with Standing(mosquitto(folder, port, files), folder):
        yield port


class Peer:
    """One client, known by its certificate."""

    def __init__(self, port: int, folder: Path, stem: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.tls_set_context(context(folder, stem))
        self.client.on_message = lambda _client, _data, message: self.heard.append((message.topic, message.payload))
        ready = threading.Event()
        self.client.on_connect = lambda *_: ready.set()
        self.client.connect(LOOPBACK, port)
        self.client.loop_start()
        assert ready.wait(WAIT_S)

    def publish(self, where: str, payload: bytes) -> str:
        """What the broker answered."""
        answers: list[str] = []
        done = threading.Event()
        self.client.on_publish = lambda _client, _data, _mid, reason, _more: (answers.append(str(reason)), done.set())
        self.client.publish(where, payload, qos=1)
        assert done.wait(WAIT_S)
        return answers[0]

    def subscribe(self, where: str) -> None:
        done = threading.Event()
        self.client.on_subscribe = lambda *_: done.set()
        self.client.subscribe(where, qos=1)
        assert done.wait(WAIT_S)

    def wait_for(self, count: int) -> list[tuple[str, bytes]]:
        last = time.monotonic() + WAIT_S
        while len(self.heard) < count:
            assert time.monotonic() < last, self.heard
            time.sleep(0.005)
        return self.heard

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def context(folder: Path, stem: str) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=folder / "ca.pem")
    if stem:
        made.load_cert_chain(folder / f"{stem}.pem", folder / f"{stem}.key")
    return made


def test_each_may_do_what_the_topics_say_and_no_more(campus, port) -> None:
    bus = BoxId("bus-1")
    own, down = (topic(partition_of(bus), bus, lane) for lane in (UP_MONEY, DOWN_MONEY))
    ingest = Peer(port, campus.data / "cloud", "ingest")
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


def test_without_a_certificate_nobody_gets_in(campus, port) -> None:
    with socket.create_connection((LOOPBACK, port), WAIT_S) as raw:
        raw.settimeout(WAIT_S)
        with (
            pytest.raises(ssl.SSLError),
            context(campus.data / "cloud", "").wrap_socket(raw, server_hostname="localhost") as tls,
        ):
            tls.recv(1)  # TLS 1.3 tells a client that it may not come in only after the handshake
