"""The session of a host or a node at a broker, by MQTT 3.1.1, clean, with a will. Docking's door to gmqtt.

Not the ingest's session: that one never lets a message go before it is done, and would wait for a stranger's flood;
here what is too much is dropped, for nothing that docks is worth more than the next message of it.
"""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import gmqtt
from gmqtt.mqtt.constants import MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError

from cloud.watch.docking.sparkplug.topics import Publish
from shared.errors import LinkFault
from shared.input.login import Login

KEEPALIVE_S = 20
CONNECT_MAX_S = 5.0
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Between lives of a connection, the last one for ever; a life of STEADY_S makes it the first again."""
STEADY_S = 30.0
_NEVER_RECONNECT = -2


class Speaker(Protocol):
    """What a session speaks for. Pure behind it: each call gives what is to be published, in this order."""

    @property
    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """Filters and their QoS."""

    def connecting(self) -> Publish:
        """The will."""

    def connected(self) -> Sequence[Publish]:
        """The session stands and is subscribed."""

    def received(self, topic: str, octets: bytes, *, is_retained: bool) -> Sequence[Publish]:
        """A message has come."""

    def closing(self) -> Sequence[Publish]:
        """The last messages, before a DISCONNECT on purpose."""

    def lost(self) -> None:
        """The connection is gone."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the broker is. tls None: plain, on loopback only."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    login: Login | None = None


class Session:
    """Connects, and connects again, until `stop`. `publish` and `leave` from the same loop."""

    def __init__(self, speaker: Speaker, place: Place) -> None:
        self._speaker, self._place = speaker, place
        self._client: gmqtt.Client | None = None
        self._gone = asyncio.Event()
        self.up = asyncio.Event()
        self.connections = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        lives = 0
        while not stop.is_set():
            born = asyncio.get_running_loop().time()
            with suppress(LinkFault):
                await self._live(stop)
            lived_s = asyncio.get_running_loop().time() - born
            lives = 0 if lived_s >= STEADY_S else lives + 1
            if not stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), PAUSES_S[min(lives, len(PAUSES_S) - 1)])

    def publish(self, messages: Sequence[Publish]) -> bool:
        """Hand them to the connection. False: there is none, and nothing was published."""
        if self._client is None or not self.up.is_set():
            return False
        for one in messages:
            self._client.publish(one.topic, one.payload, qos=one.qos, retain=one.is_retained)
        return True

    def leave(self) -> None:
        """End this connection; the next one comes after a pause."""
        self._gone.set()

    async def _live(self, stop: asyncio.Event) -> None:
        self.connections += 1
        self._gone = asyncio.Event()
        client = self._client = self._made()
        try:
            await self._open(client)
            self.up.set()
            self.publish(self._speaker.connected())
            await _first(stop, self._gone)
            self.publish(self._speaker.closing() if stop.is_set() else ())
        finally:
            self.up.clear()
            self._client = None
            self._speaker.lost()
            with suppress(OSError, MQTTConnectError, AttributeError, TimeoutError):
                # AttributeError: gmqtt, when not even the socket was made
                async with asyncio.timeout(CONNECT_MAX_S):
                    await client.disconnect()

    async def _open(self, client: gmqtt.Client) -> None:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        client.on_subscribe = lambda *_: None if granted.done() else granted.set_result(None)
        place = self._place
        try:
            async with asyncio.timeout(CONNECT_MAX_S):
                await client.connect(
                    place.host, place.port, ssl=place.tls or False, keepalive=KEEPALIVE_S, version=MQTTv311
                )
                client.subscribe([gmqtt.Subscription(text, qos=qos) for text, qos in self._speaker.subscriptions])
                await granted
        except (OSError, MQTTConnectError) as fault:  # refused, silent or not to be reached
            raise LinkFault(f"broker: {type(fault).__name__}") from fault

    def _made(self) -> gmqtt.Client:
        logger = logging.getLogger("gmqtt")
        logger.setLevel(logging.CRITICAL)
        will = self._speaker.connecting()
        login = self._place.login
        client = gmqtt.Client(
            login.user if login else "docking",
            clean_session=True,
            logger=logger,
            will_message=gmqtt.Message(will.topic, will.payload, qos=will.qos, retain=will.is_retained),
        )
        if login is not None:
            client.set_auth_credentials(login.user, login.password)
        client.set_config({"reconnect_retries": _NEVER_RECONNECT})
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    async def _on_message(
        self, client: gmqtt.Client, topic: str | bytes, payload: bytes, _qos: int, properties: dict[str, Any]
    ) -> int:
        if client is self._client and isinstance(topic, str):
            self.publish(self._speaker.received(topic, bytes(payload), is_retained=bool(properties.get("retain"))))
        return 0

    def _on_disconnect(self, client: gmqtt.Client, *_: object) -> None:
        if client is self._client:
            self._gone.set()


async def _first(*events: asyncio.Event) -> None:
    tasks = [asyncio.ensure_future(one.wait()) for one in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
