"""A box of the tests: an outbox in memory, batches up, acks down, sends again what was not named. paho, real broker."""

import queue
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from secrets import token_bytes

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from shared.ids import BoxId, StoreId
from shared.records import parse_stored
from shared.wire.fleet_lane import FleetDown, decode_fleet_down
from shared.wire.messages import (
    ACK_CONTEXT,
    AckBody,
    Batch,
    Hello,
    LedgerTime,
    NowUp,
    Recover,
    SignedAck,
    decode_ack,
    decode_ack_body,
    decode_now_down,
    encode_batch,
    encode_now,
)
from shared.wire.topics import DOWN_BULK, DOWN_MONEY, DOWN_NOW, UP_MONEY, UP_NOW, topic
from tests.cloud.campus import Campus
from tests.patience import PATIENCE_S

RESEND_S = 1.0


def until(condition: Callable[[], object], what: str, bound_s: float = PATIENCE_S) -> None:
    """Poll a condition, bounded."""
    last = time.monotonic() + bound_s
    while not condition():
        assert time.monotonic() < last, f"waited in vain: {what}"
        time.sleep(0.01)


class FieldBox:
    """Row n of the outbox is rows[n - 1]. Use as a context manager."""

    def __init__(self, campus: Campus, box: BoxId, port: int, batch: int = 64, tls: Path | None = None) -> None:
        """tls: the folder with the box's certificate."""
        self.box = box
        self.store = StoreId(token_bytes(8))
        self.partition = campus.partition(box)
        self.rows: list[bytes] = []
        self.settled: set[int] = set()
        self.acks: list[AckBody] = []
        self.highest: SignedAck | None = None
        self.recovers: list[Recover] = []
        self.times: list[int] = []
        self.answers: queue.Queue[object] = queue.Queue()
        self.documents: queue.Queue[FleetDown] = queue.Queue()
        self.sent_at: dict[int, float] = {}
        self.latency_s: dict[int, float] = {}
        self._key = campus.ack_key()
        self._batch = batch
        self._port = port
        self._lock = threading.RLock()
        self._changed = threading.Event()
        self._over = threading.Event()
        self._connected = threading.Event()
        self._client = self._made()
        if tls is not None:
            self._client.tls_set(str(tls / "ca.pem"), str(tls / "box.pem"), str(tls / "box.key"))
        self._thread = threading.Thread(target=self._pump)

    def __enter__(self) -> "FieldBox":
        self._client.connect_async("127.0.0.1", self._port, keepalive=10, clean_start=False)
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._changed.set()
        self._thread.join(10)
        self._client.disconnect()
        self._client.loop_stop()

    def put(self, *stored: bytes) -> None:
        """Into the outbox."""
        with self._lock:
            self.rows += stored
        self._changed.set()

    def say(self, message: NowUp) -> None:
        """On the lane now."""
        self.publish(UP_NOW, encode_now(message))

    def publish(self, lane: str, payload: bytes) -> paho.MQTTMessageInfo:
        """Any bytes on a lane of this box."""
        assert self._connected.wait(PATIENCE_S)
        return self._client.publish(topic(self.partition, self.box, lane), payload, qos=1)

    def answer(self, bound_s: float = PATIENCE_S) -> object:
        """The next answer on the lane now."""
        return self.answers.get(timeout=bound_s)

    def document(self, bound_s: float = PATIENCE_S) -> FleetDown:
        """The next message about a document."""
        return self.documents.get(timeout=bound_s)

    def all_settled(self) -> bool:
        with self._lock:
            return len(self.settled) == len(self.rows)

    def hello(self) -> None:
        """As at each connect."""
        with self._lock:
            settled = next(row for row in range(1, len(self.rows) + 2) if row not in self.settled) - 1
            self.say(Hello(self.store, settled, len(self.rows), self.highest))

    def _made(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=self.box, protocol=MQTTProtocolVersion.MQTTv5
        )
        client.reconnect_delay_set(1, 1)
        client.on_connect = self._on_connect
        client.on_disconnect = lambda *_: self._connected.clear()
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_socket_open = lambda _client, _data, peer: peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def _on_connect(self, client: paho.Client, *_: object) -> None:
        client.subscribe([(topic(self.partition, self.box, lane), paho.SubscribeOptions(qos=1))
                          for lane in (DOWN_MONEY, DOWN_NOW, DOWN_BULK)])  # fmt: skip
        with self._lock:
            self.sent_at.clear()
        self._connected.set()
        self.hello()
        self._changed.set()

    def _on_publish(self, *_: object) -> None:
        """Neither broker sets TCP_NODELAY by default: what follows its PUBACK waits for our TCP ACK, 40 ms or now."""
        peer = self._client.socket()
        if isinstance(peer, socket.socket):
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self._on_publish()
        if message.topic.endswith(DOWN_MONEY):
            self._acked(decode_ack(message.payload))
            return
        if message.topic.endswith(DOWN_BULK):
            self.documents.put(decode_fleet_down(message.payload))
            return
        answer = decode_now_down(message.payload)
        if isinstance(answer, Recover):
            self._recover(answer)
        elif isinstance(answer, LedgerTime):
            self.times.append(answer.unix_ms)
        else:
            self.answers.put(answer)

    def _acked(self, signed: SignedAck) -> None:
        self._key.verify(signed.signature, ACK_CONTEXT + signed.body)
        ack = decode_ack_body(signed.body)
        assert ack.box == self.box
        if ack.store != self.store:
            return
        with self._lock:
            self.acks.append(ack)
            if self.highest is None or decode_ack_body(self.highest.body).number <= ack.number:
                self.highest = signed
            for row in self._named(ack):
                self.settled.add(row)
                if row in self.sent_at:
                    self.latency_s.setdefault(row, time.monotonic() - self.sent_at[row])

    def _named(self, ack: AckBody) -> list[int]:
        rows = [n for n in range(1, len(self.rows) + 1) if n not in self.settled]
        marks = {(mark.device, mark.epoch): mark for mark in ack.devices}
        named = []
        for row in rows:
            stored = parse_stored(self.rows[row - 1])
            mark = marks.get((stored.device, stored.epoch))
            by_row = _holds(row, ack.row_cumulative, ack.row_ranges)
            if by_row and mark is not None and _holds(stored.seq, mark.cumulative, mark.ranges):
                named.append(row)
        return named

    def _recover(self, message: Recover) -> None:
        with self._lock:
            self.recovers.append(message)
            self.settled = {row for row in self.settled if row <= message.row_cumulative}
            self.sent_at.clear()
        self._changed.set()

    def _pump(self) -> None:
        while not self._over.is_set():
            self._changed.wait(0.2)
            self._changed.clear()
            if self._connected.is_set():
                for first, records in self._due():
                    self._client.publish(
                        topic(self.partition, self.box, UP_MONEY),
                        encode_batch(Batch(self.store, first, records)), qos=1,
                    )  # fmt: skip

    def _due(self) -> list[tuple[int, tuple[bytes, ...]]]:
        """Contiguous runs of rows that were never sent on this connection, or long ago."""
        now = time.monotonic()
        with self._lock:
            rows = [
                row for row in range(1, len(self.rows) + 1)
                if row not in self.settled and now - self.sent_at.get(row, -RESEND_S) >= RESEND_S
            ]  # fmt: skip
            for row in rows:
                self.sent_at[row] = now
            runs: list[list[int]] = []
            for row in rows:
                if runs and runs[-1][-1] == row - 1 and len(runs[-1]) < self._batch:
                    runs[-1].append(row)
                else:
                    runs.append([row])
            return [(run[0], tuple(self.rows[row - 1] for row in run)) for run in runs]


def _holds(number: int, cumulative: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return number <= cumulative or any(low <= number <= high for low, high in ranges)
