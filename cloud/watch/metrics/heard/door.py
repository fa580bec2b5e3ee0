"""The watch's session at the broker, for what may be lost: MQTT 5, clean, QoS 0, and it never says a word.

Metrics' door to gmqtt. What comes faster than PACE is dropped and counted: it costs the broker nothing, for a clean
session at QoS 0 has no queue there. One client lives for one connection; a broker that is away costs a try in a while.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import gmqtt
from gmqtt.mqtt.handler import MQTTConnectError

from shared.errors import ConfigFault
from shared.input.login import Login
from shared.wire.box_state import READINGS_BYTES_MAX

KEEPALIVE_S = 20
CONNECT_MAX_S = 5.0
AGAIN_MIN_S, AGAIN_MAX_S = 0.5, 30.0
"""The pause before the next try, doubling from one to the other."""
PACE = 400
"""Messages a second: those of 1,000 boxes, twice."""
PACKET_MAX = 4 * READINGS_BYTES_MAX
_NEVER_RECONNECT = -2


@dataclass(frozen=True, slots=True)
class BrokerAt:
    """tls None = plain, for loopback only."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    login: Login | None = None


def own_tls(ca: Path, certificate: Path) -> ssl.SSLContext:
    """Our authority only, our certificate shown; its key lies beside it. ConfigFault."""
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ca))
        context.load_cert_chain(str(certificate), str(certificate.with_suffix(".key")))
    except (OSError, ssl.SSLError) as fault:
        raise ConfigFault(f"TLS: {type(fault).__name__} ({ca.name}, {certificate.name})") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Ear:
    """Hears until it is told to stop. hear: called on the loop with topic and payload, and never raises."""

    def __init__(self, broker: BrokerAt, topics: Sequence[str], hear: Callable[[str, bytes], object]) -> None:
        self.is_up = False
        self.connects = self.overrun = 0
        self._broker, self._topics, self._hear = broker, tuple(topics), hear
        self._second, self._heard = 0, 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        pause_s = AGAIN_MIN_S
        while not stop.is_set():
            if await self._live(stop):
                pause_s = AGAIN_MIN_S
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_s)
            pause_s = min(2 * pause_s, AGAIN_MAX_S)

    async def _live(self, stop: asyncio.Event) -> bool:
        """One connection, from first to last. Was there one?"""
        lost = asyncio.Event()
        client = self._made(lost)
        try:
            async with asyncio.timeout(CONNECT_MAX_S):
                broker = self._broker
                await client.connect(
                    broker.host, broker.port, ssl=broker.tls or False, keepalive=KEEPALIVE_S, version=5
                )
            client.subscribe([gmqtt.Subscription(topic, qos=0) for topic in self._topics])
            self.is_up = True
            self.connects += 1
            await _first(stop, lost)
        except (OSError, MQTTConnectError):
            return False
        finally:
            self.is_up = False
            await _let_go(client)
        return True

    def _made(self, lost: asyncio.Event) -> gmqtt.Client:
        logger = logging.getLogger("gmqtt")
        logger.setLevel(logging.CRITICAL)  # it reports each loss of a connection; a series of ours tells it
        client = gmqtt.Client("watch", clean_session=True, logger=logger, maximum_packet_size=PACKET_MAX)
        client.set_config({"reconnect_retries": _NEVER_RECONNECT})
        if self._broker.login is not None:
            client.set_auth_credentials(self._broker.login.user, self._broker.login.password)
        client.on_message = self._on_message
        client.on_disconnect = lambda *_: lost.set()
        return client

    def _on_message(self, _client: object, topic: str | bytes, payload: bytes, *_: object) -> int:
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second, self._heard = second, 0
        self._heard += 1
        if self._heard > PACE:
            self.overrun += 1
            return 0
        text = topic if isinstance(topic, str) else topic.decode("ascii", "backslashreplace")
        self._hear(text, bytes(payload))
        return 0


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _let_go(client: gmqtt.Client) -> None:
    with suppress(OSError, MQTTConnectError, AttributeError):
        # AttributeError: gmqtt, when not even the socket was made
        async with asyncio.timeout(CONNECT_MAX_S):
            await client.disconnect()
