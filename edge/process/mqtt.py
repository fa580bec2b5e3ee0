"""The line to the broker: MQTT 5, one connection after another, in the one thread named "mqtt". The door to paho-mqtt.

A new client object for each connection, so that nothing of an old one is sent again behind our back: what must be
repeated comes from the outbox. Publishes only while connected; a broker that is away, silent or refusing costs this
thread its time and nobody else's. PUBACK is reported by token and means transport, nothing more.
"""

import logging
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.process.identity.identity import Identity
from shared.errors import LinkFault
from shared.input.login import Login
from shared.wire.codec import MESSAGE_MAX

log = logging.getLogger(__name__)

KEEPALIVE_S = 5
CONNECT_S = 5.0
"""Patience with a broker that does not answer: TCP, TLS, CONNACK and SUBACK each."""
PUBACK_S = 15.0
"""A publication without PUBACK for so long ends the connection."""
BACKOFF_MIN_S = 0.5
BACKOFF_MAX_S = 10.0
IN_FLIGHT_MAX = 20
"""Publications without PUBACK; paho keeps its own queue above, so the cores bound themselves to less (8 + 8)."""
PUBACKS_HELD_MAX = 3
"""Plain PUBACKs that may wait for company; fewer than any lane may have in flight."""
FAILURE = 0x80
"""MQTT 5: reason codes from here on are refusals."""
OUTGOING_MAX = 128
"""Messages handed over and not yet taken by the thread; above, `publish` says False."""
LADEN_S, LADEN_MESSAGES = 1.0, 8
"""A PUBACK that is awaited for longer, or more messages that wait here: what may be lost is not added to them."""
CLOSE_S = 1.0
"""How long the end waits for the last publications."""


@dataclass(frozen=True, slots=True)
class Connected:
    """Connected and subscribed."""


@dataclass(frozen=True, slots=True)
class Lost:
    """No connection; said once for each Connected."""


class Published(NamedTuple):
    """PUBACK of the publication with this token."""

    token: int
    reason: int


class Arrived(NamedTuple):
    """A message on a subscribed topic."""

    topic: str
    payload: bytes


Event = Connected | Lost | Published | Arrived


@dataclass(frozen=True, slots=True)
class BrokerSetting:
    """Where the broker is and who we are there. subscriptions: (topic, QoS). will: retained at QoS 1 when we vanish."""

    host: str
    port: int
    client_id: str
    subscriptions: tuple[tuple[str, int], ...]
    will_topic: str
    will: bytes
    identity: Identity | None = None
    login: Login | None = None


class _Outgoing(NamedTuple):
    topic: str
    payload: bytes
    token: int
    qos: int
    retain: bool
    expiry_s: int


class MqttLine:
    """deliver: called in the thread with lists of events. died: called there when it cannot go on: a defect.

    chance: 0..1, spreads the reconnects of many boxes.
    """

    def __init__(
        self, setting: BrokerSetting, deliver: Callable[[list[Event]], None],
        died: Callable[[Exception], None], chance: Callable[[], float],
    ) -> None:  # fmt: skip
        self.connects = 0
        self._setting = setting
        self._deliver = deliver
        self._died = died
        self._chance = chance
        self._outgoing: deque[_Outgoing] = deque()
        self._ending = threading.Event()
        self._is_behind = False
        self._wants_anew = False
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken):
            end.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def publish(
        self, topic: str, payload: bytes, token: int = 0, qos: int = 1, retain: bool = False, expiry_s: int = 0
    ) -> bool:
        """Hand over a message from any thread. False at OUTGOING_MAX; what is queued at a loss is dropped.

        expiry_s: the broker keeps it no longer than that for who is away; 0 = as long as it will.
        """
        if len(self._outgoing) >= OUTGOING_MAX:
            return False
        self._outgoing.append(_Outgoing(topic, payload, token, qos, retain, expiry_s))
        self._rouse()
        return True

    @property
    def is_laden(self) -> bool:
        """Has the broker or the network enough to do? Then what may be lost is dropped."""
        return self._is_behind or len(self._outgoing) > LADEN_MESSAGES

    def reconnect(self) -> None:
        """End this connection and make another one: there is a new certificate. What was not answered goes again."""
        self._wants_anew = True
        self._rouse()

    def stop(self) -> None:
        """Send what is queued within CLOSE_S, disconnect in order, end the thread."""
        self._ending.set()
        self._rouse()
        self._thread.join()
        self._wake.close()
        self._woken.close()

    def _rouse(self) -> None:
        try:
            self._wake.send(b"\0")
        except BlockingIOError:
            return  # it is awake already

    def _run(self) -> None:
        try:
            pause_s = BACKOFF_MIN_S
            while not self._ending.is_set():
                if self._connection():
                    pause_s = BACKOFF_MIN_S
                self._ending.wait(pause_s * (0.5 + self._chance() / 2))
                pause_s = min(2 * pause_s, BACKOFF_MAX_S)
        except Exception as fault:  # noqa: BLE001  # told to the owner, who ends the process
            self._died(fault)

    def _connection(self) -> bool:
        """One connection from beginning to end. True when it was up."""
        self._outgoing.clear()
        self._wants_anew = False
        connection = _Connection(self._setting)
        try:
            connection.open()
            self.connects += 1
            self._deliver([Connected()])
            self._serve(connection)
        except (OSError, LinkFault) as trouble:
            log.warning("broker %s:%d: %s", self._setting.host, self._setting.port, trouble)
        finally:
            connection.close()
        if connection.up:
            self._deliver([Lost()])
        return connection.up

    def _serve(self, connection: "_Connection") -> None:
        while not self._ending.is_set():
            self._exchange(connection)
        last_s = time.monotonic() + CLOSE_S
        while (self._outgoing or connection.owes()) and time.monotonic() < last_s:
            self._exchange(connection)

    def _exchange(self, connection: "_Connection") -> None:
        if self._wants_anew:
            raise LinkFault("a new certificate")
        while self._outgoing:
            connection.publish(self._outgoing.popleft())
        connection.turn(self._woken)
        self._is_behind = connection.is_behind()
        self._drain_wake()
        events = connection.take_events(PUBACKS_HELD_MAX)
        if events:
            self._deliver(events)

    def _drain_wake(self) -> None:
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            return


class _Connection:
    """One paho client used from one thread through its external-loop calls. LinkFault and OSError end it."""

    def __init__(self, setting: BrokerSetting) -> None:
        self.up = False
        self._setting = setting
        self._answer: ReasonCode | None = None
        self._granted: list[ReasonCode] | None = None
        self._events: list[Event] = []
        self._seen = 0
        self._tokens: dict[int, tuple[int, float]] = {}
        self._client = self._make_client()

    def open(self) -> None:
        """Connect and subscribe; LinkFault or OSError when that does not succeed."""
        identity = self._setting.identity
        try:
            self._open()
        except (OSError, LinkFault):
            if identity is not None:
                identity.refused()
            raise
        if identity is not None:
            identity.let_in()

    def _open(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
        properties.MaximumPacketSize = 2 * MESSAGE_MAX
        setting = self._setting
        self._client.connect(setting.host, setting.port, KEEPALIVE_S, clean_start=True, properties=properties)
        raw = self._socket()
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if setting.identity is not None and isinstance(raw, ssl.SSLSocket):
            setting.identity.require_dated(raw)
        self._until(lambda: self._answer is not None, "CONNACK")
        if self._answer is None or self._answer.is_failure:
            raise LinkFault(f"refused: {self._answer}")
        self._client.subscribe([*setting.subscriptions])
        self._until(lambda: self._granted is not None, "SUBACK")
        if any(code.is_failure for code in self._granted or []):
            raise LinkFault("a subscription was refused")
        self.up = True

    def publish(self, message: _Outgoing) -> None:
        """Give a message to the client."""
        properties = _expiring(message.expiry_s) if message.expiry_s else None
        info = self._client.publish(message.topic, message.payload, message.qos, message.retain, properties)
        if info.rc != MQTT_ERR_SUCCESS:
            raise LinkFault(f"publish: {info.rc!r}")
        if message.qos:
            self._tokens[info.mid] = (message.token, time.monotonic())

    def owes(self) -> bool:
        """True while a PUBACK or unwritten bytes are outstanding."""
        return bool(self._tokens) or self._client.want_write()

    def is_behind(self) -> bool:
        """True while bytes are unwritten or a PUBACK is late."""
        return self._client.want_write() or self._puback_age_s() > LADEN_S

    def turn(self, wake: socket.socket, wait_s: float = 0.5) -> None:
        """Wait for the socket, `wake` or the time, then read and write what there is."""
        raw = self._socket()
        if isinstance(raw, ssl.SSLSocket) and raw.pending():
            wait_s = 0.0
        reading = select.poll()
        reading.register(raw, select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
        reading.register(wake, select.POLLIN)
        ready = dict(reading.poll(wait_s * 1000))
        if ready.get(raw.fileno(), 0) & ~select.POLLOUT or wait_s == 0.0:
            self._require(self._client.loop_read())
        if self._client.want_write():
            self._require(self._client.loop_write())
        self._require(self._client.loop_misc())
        self._watch_pubacks()

    def take_events(self, held_max: int) -> list[Event]:
        """What has happened. A few plain PUBACKs wait for what comes with them, at most until a turn brings nothing:
        they free nothing, and waking the loop for each would cost as much as the record."""
        grown, self._seen = len(self._events) > self._seen, len(self._events)
        if grown and self._seen <= held_max and all(map(_is_plain_puback, self._events)):
            return []
        events, self._events, self._seen = self._events, [], 0
        return events

    def close(self) -> None:
        """Disconnect; never raises for the state the connection is in."""
        self._client.on_disconnect = None
        self._client.disconnect()
        raw = self._client.socket()
        if raw is not None:
            raw.close()

    def _make_client(self) -> Client:
        setting = self._setting
        client = Client(CallbackAPIVersion.VERSION2, setting.client_id, protocol=MQTTProtocolVersion.MQTTv5)
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(IN_FLIGHT_MAX)
        client.will_set(setting.will_topic, setting.will, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        if setting.identity is not None:
            client.tls_set_context(setting.identity.context())
        if setting.login is not None:
            client.username_pw_set(setting.login.user, setting.login.password)
        return client

    def _until(self, done: Callable[[], bool], what: str) -> None:
        last_s = time.monotonic() + CONNECT_S
        nobody, other = socket.socketpair()
        with nobody, other:
            while not done():
                if time.monotonic() > last_s:
                    raise LinkFault(f"no {what} within {CONNECT_S} s")
                self.turn(nobody, 0.1)

    def _socket(self) -> socket.socket:
        raw = self._client.socket()
        if raw is None:
            raise LinkFault("the connection was closed")
        return raw  # type: ignore[return-value]  # no web sockets here

    def _require(self, code: int) -> None:
        if code != MQTT_ERR_SUCCESS:
            raise LinkFault(f"the connection was lost: {code!r}")

    def _watch_pubacks(self) -> None:
        if self._puback_age_s() > PUBACK_S:
            raise LinkFault(f"no PUBACK within {PUBACK_S} s")

    def _puback_age_s(self) -> float:
        """Of the oldest that is awaited."""
        if not self._tokens:
            return 0.0
        _, sent_s = next(iter(self._tokens.values()))
        return time.monotonic() - sent_s

    def _on_connect(self, _client: Client, _data: object, _flags: object, code: ReasonCode, _props: object) -> None:
        self._answer = code

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _props: object
    ) -> None:
        self._granted = codes

    def _on_publish(self, _client: Client, _data: object, mid: int, code: ReasonCode, _props: object) -> None:
        token, _ = self._tokens.pop(mid, (0, 0.0))
        if token:
            self._events.append(Published(token, code.value))

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._events.append(Arrived(message.topic, bytes(message.payload)))


def _is_plain_puback(event: Event) -> bool:
    return isinstance(event, Published) and event.reason < FAILURE


def _expiring(expiry_s: int) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types here
    properties.MessageExpiryInterval = expiry_s
    return properties
