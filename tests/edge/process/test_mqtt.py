"""The line to the broker against real brokers: order, PUBACK by token, restarts, a black hole, and the will."""

import socket
import threading
import time

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from compose.parts.standing import Standing
from compose.servers.login import new_login
from compose.servers.ports import free_port
from compose.servers.servers import embedded_broker
from edge.process import mqtt
from edge.process.mqtt import OUTGOING_MAX, Arrived, BrokerSetting, Connected, Lost, MqttLine, Published
from shared.input.login import Login, read_login
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process

PREFIX = "oykt/v1/p07"


def until(condition, what):
    last_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < last_s, what
        time.sleep(0.005)


class Party:
    """A line and what it has reported."""

    def __init__(self, host, port, name, subscriptions=(), login=None):
        self.events = []
        self.faults = []
        self.name = name
        wanted = subscriptions or ((f"{PREFIX}/{name}/down/now", 1),)
        setting = BrokerSetting(host, port, name, tuple(wanted), f"{PREFIX}/{name}/state", b"gone", None, login)
        self.line = MqttLine(setting, self.events.extend, self.faults.append, lambda: 0.0)
        self.line.start()

    def count(self, kind):
        return sum(isinstance(event, kind) for event in self.events)

    def tokens(self):
        return [event.token for event in self.events if isinstance(event, Published)]

    def payloads(self):
        return [event.payload for event in self.events if isinstance(event, Arrived)]

    def connected(self, times=1):
        until(lambda: self.count(Connected) >= times, f"{self.name} connected")
        return self


@pytest.fixture
def party(broker):
    parties = []

    def make(name, subscriptions=(), port=None):
        parties.append(Party(broker.host, port or broker.port, name, subscriptions))
        return parties[-1]

    yield make
    for one in parties:
        one.line.stop()
        assert one.faults == []


def test_messages_and_pubacks(party):
    listener = party("listener", [(f"{PREFIX}/box-a/up/money", 1)]).connected()
    box = party("box-a").connected()
    for token in range(1, 51):
        assert box.line.publish(f"{PREFIX}/box-a/up/money", b"%d" % token, token)
    until(lambda: len(box.tokens()) == 50, "50 PUBACKs")
    assert sorted(box.tokens()) == [*range(1, 51)]
    until(lambda: len(listener.payloads()) == 50, "50 messages")
    assert listener.payloads() == [b"%d" % token for token in range(1, 51)]
    assert [thread.name for thread in threading.enumerate()].count("mqtt") == 2
    assert {event.reason for event in box.events if isinstance(event, Published)} <= {0, 16}


def test_what_is_expired_is_not_delivered_to_a_session_that_was_away(party, broker):
    """As the ingest's session: durable, away for longer than a terminal waits, back again."""
    box = party("box-e").connected()
    topic = f"{PREFIX}/box-e/up/now"
    heard = []

    def session():
        client = Client(CallbackAPIVersion.VERSION2, "durable", protocol=MQTTProtocolVersion.MQTTv5)
        client.on_message = lambda _client, _data, message: heard.append(message.payload)
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 60
        client.connect(broker.host, broker.port, clean_start=False, properties=properties)
        subscribed = threading.Event()
        client.on_subscribe = lambda *_: subscribed.set()
        client.on_connect = lambda *_: client.subscribe(topic, 1)
        client.loop_start()
        assert subscribed.wait(PATIENCE_S)
        return client

    def leave(client):
        client.disconnect()
        client.loop_stop()

    leave(session())
    box.line.publish(topic, b"request", 1, expiry_s=1)
    box.line.publish(topic, b"record copy", 2)
    until(lambda: len(box.tokens()) == 2, "PUBACKs")
    gone_s = time.monotonic() + 2.1
    until(lambda: time.monotonic() > gone_s, "the expiry")
    box.line.publish(topic, b"fresh", 3, expiry_s=int(PATIENCE_S))
    until(lambda: len(box.tokens()) == 3, "PUBACK")
    client = session()
    until(lambda: b"fresh" in heard, "delivered")
    leave(client)
    assert heard == [b"record copy", b"fresh"]


def test_subscribed_before_connected_is_said(party):
    """A peer that answers the first message at once is heard."""
    echo = party("echo", [(f"{PREFIX}/box-b/up/now", 1)]).connected()
    box = party("box-b").connected()
    box.line.publish(f"{PREFIX}/box-b/up/now", b"hello", 1)
    until(lambda: echo.payloads() == [b"hello"], "heard")
    echo.line.publish(f"{PREFIX}/box-b/down/now", b"answer", 1)
    until(lambda: box.payloads() == [b"answer"], "answered")


def test_broker_killed_and_started_again(party, broker):
    box = party("box-c").connected()
    box.line.publish(f"{PREFIX}/box-c/up/now", b"1", 1)
    until(lambda: box.tokens() == [1], "PUBACK")
    broker.standing.kill()
    until(lambda: box.count(Lost) == 1, "the loss is said")
    box.line.publish(f"{PREFIX}/box-c/up/now", b"old", 2)
    broker.standing.start()
    box.connected(times=2)
    box.line.publish(f"{PREFIX}/box-c/up/now", b"2", 3)
    until(lambda: 3 in box.tokens(), "PUBACK after the restart")
    assert 2 not in box.tokens(), "what was handed over without a connection is not sent later"
    assert box.line.connects == 2
    kinds = [type(event) for event in box.events if isinstance(event, (Connected, Lost))]
    assert kinds == [Connected, Lost, Connected]


def test_will_and_last_word(party):
    watcher = party("watcher", [(f"{PREFIX}/box-d/state", 1)]).connected()
    box = party("box-d").connected()
    box.line.publish(f"{PREFIX}/box-d/state", b"online", 0, qos=0, retain=True)
    until(lambda: watcher.payloads() == [b"online"], "state")
    box.line.publish(f"{PREFIX}/box-d/state", b"goodbye", 0, qos=1, retain=True)
    box.line.stop()
    until(lambda: watcher.payloads()[-1] == b"goodbye", "the last word goes out before the end")
    box.line.stop = lambda: None
    late = party("late", [(f"{PREFIX}/box-d/state", 1)]).connected()
    until(lambda: late.payloads() == [b"goodbye"], "retained")


def test_hand_over_is_bounded(party):
    nobody = party("nobody", port=9)
    taken = [nobody.line.publish("t", b"x", n) for n in range(OUTGOING_MAX + 5)]
    assert taken.count(False) >= 5
    assert nobody.count(Connected) == 0


class BlackHole:
    """Accepts connections and never says a word; or passes on until it is told to fall silent."""

    def __init__(self, onward=None):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.onward = onward
        self.silent = onward is None
        self.accepted = 0
        self.sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            self.accepted += 1
            self.sockets.append(near)
            if self.onward is not None:
                far = socket.create_connection(("127.0.0.1", self.onward))
                self.sockets.append(far)
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(a, b), daemon=True).start()

    def _pass(self, source, target):
        try:
            while data := source.recv(65536):
                if not self.silent:
                    target.sendall(data)
        except OSError:
            return

    def close(self):
        self.server.close()
        for one in self.sockets:
            one.close()


def test_broker_that_accepts_and_says_nothing(party, monkeypatch):
    monkeypatch.setattr(mqtt, "CONNECT_S", 0.2)
    monkeypatch.setattr(mqtt, "BACKOFF_MIN_S", 0.05)
    monkeypatch.setattr(mqtt, "BACKOFF_MAX_S", 0.1)
    hole = BlackHole()
    box = party("box-e", port=hole.port)
    until(lambda: hole.accepted >= 3, "tries again and again")
    assert box.events == []
    box.line.publish("t", b"x", 1)  # returns: nothing has answered, and nothing will
    hole.close()


def test_pubacks_that_never_come_end_the_connection(party, broker, monkeypatch):
    monkeypatch.setattr(mqtt, "PUBACK_S", 0.3)
    monkeypatch.setattr(mqtt, "KEEPALIVE_S", 600)
    monkeypatch.setattr(mqtt, "BACKOFF_MIN_S", 0.05)
    wire = BlackHole(onward=broker.port)
    box = party("box-f", port=wire.port).connected()
    wire.silent = True
    box.line.publish(f"{PREFIX}/box-f/up/now", b"1", 1)
    until(lambda: box.count(Lost) == 1, "given up, and not by the keep-alive")
    wire.silent = False
    box.connected(times=2)
    wire.close()


def test_stop_while_the_broker_is_away(monkeypatch):
    """It waits for no pause between two attempts."""
    monkeypatch.setattr(mqtt, "BACKOFF_MIN_S", 600.0)
    monkeypatch.setattr(mqtt, "BACKOFF_MAX_S", 600.0)
    box = Party("127.0.0.1", 9, "alone")
    began_s = time.monotonic()
    box.line.stop()
    assert time.monotonic() - began_s < PATIENCE_S
    assert box.faults == []


def test_pauses_grow_to_a_bound():
    assert (mqtt.BACKOFF_MIN_S, mqtt.BACKOFF_MAX_S) == (0.5, 10.0)
    assert mqtt.IN_FLIGHT_MAX <= 20


def test_broker_that_asks_for_a_login(tmp_path):
    file, port = new_login(tmp_path / "login"), free_port()
    with Standing(embedded_broker(port, login=file), tmp_path):
        known = Party("127.0.0.1", port, "known", login=read_login(file)).connected()
        unknown = Party("127.0.0.1", port, "unknown", login=Login("ykt", "guessed"))
        known.line.publish(f"{PREFIX}/known/up/now", b"1", 1)
        until(lambda: known.tokens() == [1], "a PUBACK for who is let in")
        assert unknown.count(Connected) == 0
        for one in (known, unknown):
            one.line.stop()
            assert one.faults == []
