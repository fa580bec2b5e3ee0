"""What every message between edge and cloud has in common: its tag, and the checks that all of them need.

Every message is a CBOR array whose first element is its tag. Refuses, with WireFault, what has not that form.
"""

from enum import IntEnum
from typing import Any

from shared.errors import WireFault
from shared.wire import codec

PAYLOAD_MAX = 1024
"""Largest opaque terminal payload of an online request or answer."""
EPOCH_MAX = 0xFFFF
EPOCHS_MAX = 4
"""Undrained epochs that a terminal may have, and tell of; a fifth is refused until one drains (RECORDS)."""
NUMBER_MAX = 0xFFFF_FFFF
"""Sequence numbers, request numbers and versions have four bytes on a terminal's link, and in a record."""
SHORT_MAX = 0xFFFF
"""Days and slots have two."""
SLOTS_MAX = 0xFF
"""Open slots have one."""


class Tag(IntEnum):
    """First element of each message."""

    BATCH = 1
    ACK = 2
    EPOCH_REQUEST = 3
    EPOCH_ANSWER = 4
    ONLINE_REQUEST = 5
    ONLINE_ANSWER = 6
    RECORD_COPY = 7
    HELLO = 8
    RECOVER = 9
    STATUS = 10
    FACT = 11
    STATE = 12
    LEDGER_TIME = 13
    REVOCATIONS = 14
    AWAITED = 15


_NAMES = {tag: tag.name.lower() for tag in Tag}


def tagged(message: bytes, tag: Tag, *types: type) -> tuple[Any, ...]:
    """The elements of a message with this tag and these types, the tag first."""
    body = codec.fields(codec.unpack(message), *types, what=_NAMES[tag])
    if body[0] != tag:
        raise WireFault(f"tag {body[0]}, expected {tag.name}")
    return body


def payload_of(raw: bytes) -> bytes:
    """Opaque bytes of bounded size."""
    if len(raw) > PAYLOAD_MAX:
        raise WireFault(f"payload of {len(raw)} bytes")
    return raw


def within(value: int, top: int) -> int:
    """A number from 0 to `top`."""
    if not 0 <= value <= top:
        raise WireFault(f"{value} is not in 0..{top}")
    return value
