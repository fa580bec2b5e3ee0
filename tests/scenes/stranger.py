"""Peers that do not belong to the campus: raw TCP to an edge box, raw MQTT to the broker."""

import asyncio
from typing import Self

import paho.mqtt.publish
from paho.mqtt.enums import MQTTProtocolVersion

from compose.servers.ports import LOOPBACK
from edge.link.messages import CHALLENGE, HELLO, Challenge, Hello, Type
from edge.link.tcp.framing import FrameDecoder, encode
from shared.ids import DeviceId, PsamId, StorageId
from tests.patience import PATIENCE_S
from tests.scenes.campus import Campus


class Caller:
    """A connection to the TCP port of a box. Use as `async with`."""

    def __init__(self, campus: Campus) -> None:
        self._port = next(iter(campus.where.ports.values()))

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(LOOPBACK, self._port)
        self._decoder = FrameDecoder()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    def throw(self, raw: bytes) -> None:
        """Bytes as they are."""
        self._writer.write(raw)

    def say(self, message: bytes) -> None:
        """A message in its frame."""
        self.throw(encode(message))

    async def hears(self) -> bytes | None:
        """The next whole message; None when the box has hung up."""
        async with asyncio.timeout(PATIENCE_S):
            while data := await self._reader.read(4096):
                for message in self._decoder.feed(data):
                    return message
            return None

    async def is_hung_up(self) -> bool:
        """The box ends the connection without a word; a reset tells that it left something unread."""
        try:
            return await self.hears() is None
        except ConnectionResetError:
            return True

    async def hello(self, device: DeviceId) -> bytes | None:
        """Say HELLO as this device; what comes back."""
        self.say(hello_of(device))
        return await self.hears()

    async def challenge(self, device: DeviceId) -> Challenge:
        """Say HELLO as this device, which the box knows."""
        answer = await self.hello(device)
        assert answer is not None
        assert answer[0] == Type.CHALLENGE
        return CHALLENGE.decode(answer)


R_TERM = b"stranger"


def hello_of(device: DeviceId) -> bytes:
    """A well-formed HELLO."""
    return HELLO.encode(Hello(device, StorageId(b"somebody"), PsamId(b"\x09" * 6), 1, 1, 1, R_TERM))


def publish(campus: Campus, topic: str, *payloads: bytes) -> None:
    """Put payloads on a topic of the campus's broker, as nobody in particular; PUBACKed on return."""
    paho.mqtt.publish.multiple(
        [{"topic": topic, "payload": payload, "qos": 1} for payload in payloads],
        hostname=LOOPBACK,
        port=campus.where.broker_port,
        client_id="stranger",
        protocol=MQTTProtocolVersion.MQTTv5,
    )
