"""A stream: device 6 ‖ epoch 2, one space of sequence numbers, and the first 8 bytes of every stored record. Pure."""

from typing import NamedTuple

from shared.ids import DeviceId
from shared.records import STORED_HEAD

Stream = bytes
STREAM_SIZE = 8
_SEQ_FROM, _SEQ_TO = STORED_HEAD + 4, STORED_HEAD + 8


class Ref(NamedTuple):
    """Names a record up to a fork: two records of one Ref have other bytes."""

    stream: Stream
    seq: int


def stream_of(device: bytes, epoch: int) -> Stream:
    """The stream of (device, epoch)."""
    return device + epoch.to_bytes(2, "big")


def stream_device(stream: Stream) -> DeviceId:
    """The device of a stream."""
    return DeviceId(stream[:6])


def stream_epoch(stream: Stream) -> int:
    """The epoch of a stream."""
    return int.from_bytes(stream[6:STREAM_SIZE], "big")


def ref_of(stored: bytes) -> Ref:
    """The Ref of stored bytes that have at least the common head."""
    return Ref(stored[:STREAM_SIZE], int.from_bytes(stored[_SEQ_FROM:_SEQ_TO], "big"))


def key_of(stored: bytes, digest: bytes) -> bytes:
    """20 bytes, unique in an outbox: stream ‖ seq ‖ digest (RECORDS.md: outbox key)."""
    return stored[:STREAM_SIZE] + stored[_SEQ_FROM:_SEQ_TO] + digest
