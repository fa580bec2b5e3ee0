"""The broker session of the ingest: messages in, PUBACK when the handler is through. The one door to gmqtt.

Refuses, with the reason, what would lose records: `$share`, MQTT 3.1.1, a handler that is no coroutine. One gmqtt
client lives for one connection, so a late PUBACK can never name a message of the next connection (DESIGN 5, 11).
"""

import asyncio
import inspect
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gmqtt
from gmqtt.mqtt.handler import MQTTConnectError

from cloud.ingest.pauses import pause_s
from cloud.ingest.ticket import Arrival
from shared.errors import ConfigFault, LinkFault
from shared.input.login import Login
from shared.wire.codec import MESSAGE_MAX
from shared.words.voice import Text

RECEIVE_MAX = 100
"""Messages the broker may have unacknowledged at this session; the box's credit bounds the records in them."""
IN_HAND_MAX = 256
"""Messages of one connection that are not done, of each QoS. Above: QoS 0 is dropped, and a broker that ignores
RECEIVE_MAX so far loses the connection; it will send again what was not PUBACKed."""
PACKET_MAX = 8 * MESSAGE_MAX
"""Largest packet that we ask for: what is longer than a message of ours is kept up to here, and beyond it the broker
keeps it from us. The library takes a packet in pieces and copies all of it at each: 60 MB outlast every keepalive, and
come again with the next connection."""
SESSION_EXPIRY_S = 86_400
"""How long the broker keeps the session of an ingest that is away. Longer is no gain: the outboxes hold it all."""
KEEPALIVE_S = 10
"""A broker that falls silent is given up after twice this."""
CONNECT_MAX_S = 5.0
"""Longest wait for a connection, its CONNACK, and the SUBACK; then it counts as away."""
RECEIVE_BUFFER = 64 << 10
"""Bytes of the socket: what comes at once before a session that is beyond its pace is read no further."""
PACE_S = 1.0
PAUSE_MAX_S = 5.0
"""Longest that such a session is not read: shorter than its keepalive."""
STEADY_S = 5.0
"""A connection that lived so long was a good one: the next pause is the shortest again."""
_TAKEN_OVER = 0x8E
_NEVER_RECONNECT = -2
"""gmqtt: -1 is for ever, and 0 still lets one attempt through. We reconnect ourselves, with a new client."""


class SessionTakenOver(LinkFault):
    """Another client came with our id. We come back after the same growing pause as from any short life: who keeps on
    taking us over has the session for PAUSE_MAX_S at a time, and what he was given and we were not comes again."""


Take = Callable[[Arrival], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the broker is, and how to speak to it. tls None = plain, for loopback only; login: if it asks for one."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    login: Login | None = None


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What one session does: its id, its (topic filter, QoS) pairs, who takes its messages, and how many a second.

    `take` returns when the message is done for good; only then is it PUBACKed. It never raises. What is beyond `pace`
    waits in the socket and at the broker, which drops it at its own bound.
    """

    client_id: str
    filters: tuple[tuple[str, int], ...]
    take: Take
    pace: int
    mqtt_version: int = 5


def refuse_lossy(plan: SessionPlan) -> None:
    """ConfigFault with the reason when this plan could lose records."""
    if plan.mqtt_version != 5:
        raise ConfigFault(
            Text(
                "拒绝 MQTT 3.1.1：代理会对被拒绝的消息回成功，且消费端先确认后处理",
                "MQTT 3.1.1 is refused: denied messages look delivered, and consumers acknowledge before they work",
            )
        )
    if any(text.startswith("$share/") for text, _ in plan.filters):
        raise ConfigFault(
            Text(
                "拒绝 $share：已停的消费者仍会分到消息",
                "$share is refused: a dead member keeps its share of the messages",
            )
        )
    if not inspect.iscoroutinefunction(plan.take):
        raise ConfigFault(
            Text(
                "拒绝非协程处理函数：永远不会发出 PUBACK，会话会无声卡住",
                "a handler that is no coroutine is refused: no PUBACK would ever be sent and the session would stall",
            )
        )


def tls_context(ca: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """Mutual TLS to the broker: our authority only, our certificate shown. ConfigFault when a file is not usable."""
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ca))
        context.load_cert_chain(str(certificate), str(key))
    except (OSError, ssl.SSLError) as fault:
        raise ConfigFault(f"TLS: {fault.strerror or type(fault).__name__} ({ca.name}, {certificate.name})") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Session:
    """One durable session: connects, subscribes, hands messages over, and connects again until `close`."""

    def __init__(
        self, plan: SessionPlan, endpoint: Endpoint, on_lost: Callable[[str, int], None],
        on_taken: Callable[[str], None], on_slowed: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """`on_lost(session, connection)` tells that nothing of that connection can be PUBACKed any more;
        `on_taken(session)` that somebody else came with our client id, as far as the broker says so;
        `on_slowed(session)` that more than its pace has come, and is read no further for a while."""
        refuse_lossy(plan)
        self._plan = plan
        self._endpoint = endpoint
        self._on_lost = on_lost
        self._on_taken = on_taken
        self._on_slowed = on_slowed
        self._connection: _Connection | None = None
        self._closing = asyncio.Event()
        self.up = asyncio.Event()
        self.connections = 0
        self.losses = 0

    async def run(self) -> None:
        """Until `close`."""
        short_lives = 0
        while not self._closing.is_set():
            born = asyncio.get_running_loop().time()
            await self._live()
            lived_s = asyncio.get_running_loop().time() - born
            short_lives = 0 if lived_s > STEADY_S else short_lives + 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), pause_s(short_lives))

    def publish(self, topic: str, payload: bytes) -> bool:
        """QoS 0: everything we send can be made again. False when there is no connection."""
        if self._connection is None or not self._connection.is_connected:
            return False
        self._connection.client.publish(topic, payload, qos=0)
        return True

    def close(self) -> None:
        """Let `run` end in order: what was PUBACKed is flushed, then DISCONNECT."""
        self._closing.set()

    async def _live(self) -> None:
        """One connection, from first to last."""
        self.connections += 1
        connection = self._connection = _Connection(self._plan, self.connections, self._on_slowed)
        try:
            await connection.open(self._endpoint)
            self.up.set()
            await connection.until_lost(self._closing)
        except LinkFault as fault:
            self.losses += 1
            if isinstance(fault, SessionTakenOver):
                self._on_taken(self._plan.client_id)
        finally:
            self.up.clear()
            self._connection = None
            await connection.end()
            self._on_lost(self._plan.client_id, connection.number)


class _Connection:
    """One gmqtt client, used once."""

    def __init__(self, plan: SessionPlan, number: int, on_slowed: Callable[[str], None]) -> None:
        self.number = number
        self._on_slowed = on_slowed
        self.is_connected = False
        self._taken_over = False
        self._plan = plan
        self._in_hand = [0, 0]
        """By QoS: a flood that asks for no PUBACK must not end the connection of those that do."""
        self._heard = 0
        self._since_s = 0.0
        self._lost = asyncio.Event()
        self._ended = asyncio.Event()
        self._granted: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()
        self._newest: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the message that came last may be PUBACKed."""
        self._newest.set_result(None)
        self.client = self._made()

    async def open(self, endpoint: Endpoint) -> None:
        """Connected and subscribed, or LinkFault."""
        try:
            async with asyncio.timeout(CONNECT_MAX_S):
                await self._unless_lost(self._connect(endpoint))
                self._subscribe()
                granted = await self._unless_lost(_value(self._granted))
            self._bound_socket()
        except (OSError, MQTTConnectError) as fault:  # a refused, silent or unreachable broker
            raise LinkFault(f"broker: {type(fault).__name__}") from fault
        if any(code >= 0x80 for code in granted):
            raise LinkFault(f"broker refused a subscription: {granted}")

    async def until_lost(self, closing: asyncio.Event) -> None:
        """Returns when closing; LinkFault when the connection is lost, SessionTakenOver when it was taken."""
        await self._unless_lost(closing.wait())

    async def end(self) -> None:
        """DISCONNECT where possible, and close. Bounded, never raises."""
        self.is_connected = False
        with suppress(OSError, MQTTConnectError, AttributeError):
            # AttributeError: gmqtt, when not even the socket was made
            async with asyncio.timeout(CONNECT_MAX_S):
                await self.client.disconnect()
        self._granted.cancel()
        self._ended.set()

    def _made(self) -> gmqtt.Client:
        logger = logging.getLogger("gmqtt")
        logger.setLevel(logging.CRITICAL)  # it reports each loss of a connection, and so do we, once
        client = gmqtt.Client(
            self._plan.client_id,
            clean_session=False,
            optimistic_acknowledgement=False,
            logger=logger,
            session_expiry_interval=SESSION_EXPIRY_S,
            receive_maximum=RECEIVE_MAX,
            maximum_packet_size=PACKET_MAX,
        )
        client.set_config({"reconnect_retries": _NEVER_RECONNECT})
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        return client

    async def _connect(self, endpoint: Endpoint) -> None:
        if endpoint.login is not None:
            self.client.set_auth_credentials(endpoint.login.user, endpoint.login.password)
        await self.client.connect(
            endpoint.host, endpoint.port, ssl=endpoint.tls or False, keepalive=KEEPALIVE_S, version=5
        )

    def _subscribe(self) -> None:
        """At every connect: a session that the broker still has gets the same subscriptions again."""
        self.client.subscribe([gmqtt.Subscription(text, qos=qos) for text, qos in self._plan.filters])

    async def _unless_lost(self, awaited: Any) -> Any:  # noqa: ANN401  # passes through what it awaits
        """Await it; LinkFault at once when the connection is lost first."""
        work, lost = asyncio.ensure_future(awaited), asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({work, lost}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
        finally:
            for task in (work, lost):
                task.cancel()
        if self._taken_over:
            raise SessionTakenOver(self._plan.client_id)
        raise LinkFault("broker: connection lost")

    async def _on_message(self, _client: object, topic: str | bytes, payload: bytes, qos: int, _: object) -> int:
        """gmqtt PUBACKs when this returns 0; for ever silent if it raises. In the order in which they came, whichever
        is done first: MQTT asks for it (4.6), and the embedded broker ends the connection of who does otherwise."""
        self._keep_pace()
        at = min(qos, 1)
        if self._in_hand[at] >= IN_HAND_MAX:
            return await self._overrun(qos)
        text = topic if isinstance(topic, str) else topic.decode("ascii", "backslashreplace")
        self._in_hand[at] += 1
        before, mine = self._newest, asyncio.get_running_loop().create_future()
        if qos:
            self._newest = mine
        try:
            await self._plan.take(Arrival(self._plan.client_id, self.number, text, bytes(payload)))
            self._in_hand[at] -= 1
            if qos:
                await before
        finally:
            mine.set_result(None)
        return 0

    def _keep_pace(self) -> None:
        """Who says more than the pace is read no further, until it is the pace again."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._since_s >= PACE_S and self._heard < self._plan.pace:
            self._heard, self._since_s = 0, now_s
        self._heard += 1
        if self._heard >= self._plan.pace:  # each time: the client's own reader resumes the transport for its buffer
            self._transport().pause_reading()
        if self._heard == self._plan.pace:
            self._on_slowed(self._plan.client_id)
            self._read_on()

    def _read_on(self) -> None:
        loop = asyncio.get_running_loop()
        passed_s = loop.time() - self._since_s
        wait_s = min(self._heard / self._plan.pace * PACE_S, PAUSE_MAX_S) - passed_s
        if wait_s > 0:
            loop.call_later(wait_s, self._read_on)
            return
        self._heard, self._since_s = 0, loop.time()
        if self.is_connected:
            self._transport().resume_reading()

    def _bound_socket(self) -> None:
        own = self._transport().get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)

    def _transport(self) -> asyncio.ReadTransport:
        found: asyncio.ReadTransport = self.client._connection._transport  # noqa: SLF001  # it gives no other way
        return found

    async def _overrun(self, qos: int) -> int:
        if qos:
            self._lost.set()
            await self._ended.wait()  # no PUBACK while the connection lasts
        return 0

    def _on_connect(self, *_: object) -> None:
        self.is_connected = True

    def _on_disconnect(self, _client: object, packet: bytes, *_: object) -> None:
        self._taken_over = self._taken_over or packet[:1] == bytes((_TAKEN_OVER,))
        self.is_connected = False
        self._lost.set()

    def _on_subscribe(self, _client: object, _mid: int, granted: tuple[int, ...], _properties: object) -> None:
        if not self._granted.done():
            self._granted.set_result(tuple(granted))


async def _value(future: "asyncio.Future[tuple[int, ...]]") -> tuple[int, ...]:
    return await asyncio.shield(future)
