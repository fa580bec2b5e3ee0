"""Packets of MQTT 3.1.1, read and written, as far as the gate speaks it. Pure.

Nothing that comes is believed: what is cut short, too long or of another version is a WireFault.
"""

from enum import IntEnum
from typing import NamedTuple

from shared.errors import WireFault

PACKET_MAX = 300_000
"""Bytes: a payload of the standard's bound, and its topic."""
LEVEL = 4
_LENGTH_MAX = 4


class Kind(IntEnum):
    """Of a packet."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class Packet(NamedTuple):
    """One, not yet looked into."""

    kind: int
    flags: int
    body: bytes


class Message(NamedTuple):
    """What is published."""

    topic: str
    payload: bytes
    qos: int = 0
    is_retained: bool = False


class Connect(NamedTuple):
    """How a client comes. level: of the protocol."""

    level: int
    user: str
    password: str
    keepalive_s: int
    will: Message | None


def taken(buffer: bytearray) -> Packet | None:
    """The first packet, taken out of the buffer; None: it has not come whole. WireFault: too long."""
    length, at = 0, 1
    while True:
        if at >= len(buffer):
            return None
        if at > _LENGTH_MAX:
            raise WireFault("a packet's length that is none")
        octet = buffer[at]
        length |= (octet & 0x7F) << 7 * (at - 1)
        at += 1
        if octet < 0x80:
            break
    if length > PACKET_MAX:
        raise WireFault("a packet that is too long")
    if len(buffer) < at + length:
        return None
    found = Packet(buffer[0] >> 4, buffer[0] & 0xF, bytes(buffer[at : at + length]))
    del buffer[: at + length]
    return found


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def octets(self, count: int) -> bytes:
        if self._at + count > len(self._body):
            raise WireFault("a packet that is cut short")
        self._at += count
        return self._body[self._at - count : self._at]

    def number(self) -> int:
        return int.from_bytes(self.octets(2))

    def binary(self) -> bytes:
        return self.octets(self.number())

    def text(self) -> str:
        try:
            found = self.binary().decode()
        except UnicodeDecodeError as fault:
            raise WireFault("a text that is none") from fault
        if "\0" in found:
            raise WireFault("a text with a null in it")
        return found

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._body)

    def rest(self) -> bytes:
        return self.octets(len(self._body) - self._at)


def connect(body: bytes) -> Connect:
    """A CONNECT. Of another version than ours only the version is read."""
    reader = _Reader(body)
    if reader.text() not in ("MQTT", "MQIsdp"):
        raise WireFault("another protocol")
    level, flags, keepalive_s = reader.octets(1)[0], reader.octets(1)[0], 0
    if level != LEVEL:
        return Connect(level, "", "", 0, None)
    keepalive_s = reader.number()
    reader.text()
    will = None
    if flags & 0x04:
        topic, payload = _topic(reader), reader.binary()
        will = Message(topic, payload, flags >> 3 & 3, bool(flags & 0x20))
    user = reader.text() if flags & 0x80 else ""
    password = reader.binary().decode("utf-8", "replace") if flags & 0x40 else ""
    return Connect(level, user, password, keepalive_s, will)


def publish(packet: Packet) -> tuple[Message, int]:
    """A PUBLISH and its number, 0 at QoS 0. WireFault: also of QoS 2, which the gate has not."""
    reader, qos = _Reader(packet.body), packet.flags >> 1 & 3
    if qos > 1:
        raise WireFault("a QoS that the gate has not")
    topic = _topic(reader)
    number = reader.number() if qos else 0
    return Message(topic, reader.rest(), qos, bool(packet.flags & 1)), number


def filters(packet: Packet) -> tuple[int, list[tuple[str, int]]]:
    """A SUBSCRIBE's number, filters and QoS, or an UNSUBSCRIBE's, with QoS 0."""
    reader = _Reader(packet.body)
    number, found = reader.number(), []
    while not reader.is_at_end:
        text = reader.text()
        found.append((text, min(reader.octets(1)[0] & 3, 1) if packet.kind == Kind.SUBSCRIBE else 0))
    return number, found


def _topic(reader: _Reader) -> str:
    topic = reader.text()
    if not topic or "+" in topic or "#" in topic:
        raise WireFault("a topic that is none")
    return topic


def connack(code: int) -> bytes:
    """0: come in. 1: another version. 5: not allowed."""
    return bytes((Kind.CONNACK << 4, 2, 0, code))


def published(message: Message, number: int) -> bytes:
    """A PUBLISH of ours."""
    topic = message.topic.encode()
    body = len(topic).to_bytes(2) + topic + (number.to_bytes(2) if message.qos else b"") + message.payload
    return _packed(Kind.PUBLISH, message.qos << 1 | message.is_retained, body)


def puback(number: int) -> bytes:
    """What came at QoS 1 was heard."""
    return _packed(Kind.PUBACK, 0, number.to_bytes(2))


def suback(number: int, granted: list[int]) -> bytes:
    """With the QoS of each filter; 0x80: refused."""
    return _packed(Kind.SUBACK, 0, number.to_bytes(2) + bytes(granted))


def unsuback(number: int) -> bytes:
    """They are gone."""
    return _packed(Kind.UNSUBACK, 0, number.to_bytes(2))


PINGRESP = bytes((Kind.PINGRESP << 4, 0))


def _packed(kind: int, flags: int, body: bytes) -> bytes:
    length, octets = len(body), bytearray((kind << 4 | flags,))
    while True:
        octets.append(length & 0x7F | (0x80 if length > 0x7F else 0))
        length >>= 7
        if not length:
            return bytes(octets) + body
