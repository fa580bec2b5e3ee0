"""An MQTT 5 client by hand, so that nothing of what we send or answer is a library's own idea."""

import socket
import ssl
import struct
import time
from types import TracebackType
from typing import NamedTuple, Self

from tests.patience import PATIENCE_S

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 14
NOT_AUTHORIZED = 0x87


class Heard(NamedTuple):
    """A PUBLISH that came."""

    topic: str
    payload: bytes
    packet_id: int


def varint(value: int) -> bytes:
    """A remaining length."""
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (128 if value else 0))
        if not value:
            return bytes(out)


def text(value: str | bytes) -> bytes:
    """A string or binary field."""
    raw = value.encode() if isinstance(value, str) else value
    return len(raw).to_bytes(2, "big") + raw


def packet(kind: int, flags: int, body: bytes) -> bytes:
    """A control packet."""
    return bytes((kind << 4 | flags,)) + varint(len(body)) + body


class Client:
    """One connection. PUBACKs what it hears only when told to; use as `with`."""

    def __init__(
        self, port: int, name: str, *, tls: ssl.SSLContext | None = None, will: tuple[str, bytes] | None = None
    ) -> None:  # fmt: skip
        self.heard: list[Heard] = []
        self._answers: dict[tuple[int, int], int] = {}
        self._id = 0
        self._buffer = b""
        raw = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._socket = tls.wrap_socket(raw, server_hostname="localhost") if tls else raw
        last = b"\0" + text(will[0]) + text(will[1]) if will else b""
        head = text("MQTT") + b"\x05" + bytes((0x2E if will else 2,)) + struct.pack(">H", 600)
        try:
            self.throw(packet(CONNECT, 0, head + b"\0" + text(name) + last))
            self._until((CONNACK, 0))
        except OSError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def throw(self, raw: bytes) -> None:
        """Any bytes at all."""
        self._socket.sendall(raw)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, again: bool = False) -> int:
        """QoS 1, and the broker's reason code."""
        self._id = self._id % 0xFFFF + 1
        flags = 2 | retain | again << 3
        self.throw(packet(PUBLISH, flags, text(topic) + self._id.to_bytes(2, "big") + b"\0" + payload))
        return self._until((PUBACK, self._id))

    def pour(self, topic: str, payloads: list[bytes], *, retain: bool = False) -> None:
        """QoS 0, as fast as the socket takes them."""
        self.throw(b"".join(packet(PUBLISH, int(retain), text(topic) + b"\0" + payload) for payload in payloads))

    def subscribe(self, pattern: str, qos: int = 1) -> int:
        """The broker's reason code."""
        self._id = self._id % 0xFFFF + 1
        self.throw(packet(SUBSCRIBE, 2, self._id.to_bytes(2, "big") + b"\0" + text(pattern) + bytes((qos,))))
        return self._until((SUBACK, self._id))

    def puback(self, packet_id: int) -> None:
        """Acknowledge what was heard."""
        self.throw(packet(PUBACK, 0, packet_id.to_bytes(2, "big")))

    def listen(self, seconds: float) -> None:
        """Take what comes for a while."""
        last_s = time.monotonic() + seconds
        while (left_s := last_s - time.monotonic()) > 0:
            self._read(left_s)

    def ping(self) -> None:
        """A round trip, so that everything before it has been seen."""
        self.throw(packet(PINGREQ, 0, b""))
        self._until((PINGREQ + 1, 0))

    def _until(self, wanted: tuple[int, int]) -> int:
        last_s = time.monotonic() + PATIENCE_S
        while wanted not in self._answers:
            if time.monotonic() > last_s:
                raise TimeoutError(f"no packet {wanted} from the broker")
            self._read(0.5)
        return self._answers.pop(wanted)

    def _read(self, wait_s: float) -> None:
        self._socket.settimeout(max(wait_s, 0.001))
        try:
            data = self._socket.recv(1 << 16)
        except TimeoutError:
            return
        if not data:
            raise ConnectionError("the broker hung up")
        self._buffer += data
        while self._take():
            pass

    def _take(self) -> bool:
        size = shift = 0
        for at in range(1, min(5, len(self._buffer))):
            size |= (self._buffer[at] & 127) << shift
            shift += 7
            if not self._buffer[at] & 128:
                break
        else:
            return False
        if len(self._buffer) < at + 1 + size:
            return False
        head, body = self._buffer[0], self._buffer[at + 1 : at + 1 + size]
        self._buffer = self._buffer[at + 1 + size :]
        self._note(head >> 4, head & 15, body)
        return True

    def _note(self, kind: int, flags: int, body: bytes) -> None:
        if kind == PUBLISH:
            end = 2 + int.from_bytes(body[:2], "big")
            number = int.from_bytes(body[end : end + 2], "big") if flags & 6 else 0
            rest = body[end + (2 if flags & 6 else 0) :]
            self.heard.append(Heard(body[2:end].decode(), rest[1 + rest[0] :], number))
        elif kind == PUBACK:
            self._answers[kind, int.from_bytes(body[:2], "big")] = body[2] if len(body) > 2 else 0
        elif kind == SUBACK:
            self._answers[kind, int.from_bytes(body[:2], "big")] = body[-1]
        elif kind == CONNACK:
            if body[1]:
                raise ConnectionError(f"the broker refused: {body[1]:#04x}")
            self._answers[kind, 0] = 0
        elif kind == DISCONNECT:
            raise ConnectionError(f"the broker disconnects: {body[:1].hex()}")
        else:
            self._answers[kind, 0] = 0
