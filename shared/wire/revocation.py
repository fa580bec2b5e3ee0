"""Revoked PSAMs and bodies 失窃设备名单 as a box of 0.1 hears of them, and as old outboxes hold them. Frozen bytes.

A box that takes documents of the fleet gets shared/fleet/revocations.py instead. The whole list each time, so that a
box needs nothing but the newest. Refuses, with WireFault, what is malformed, out of order or said twice; whether the
signature is right is judged elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar
from zlib import crc32

from shared.errors import WireFault
from shared.fleet.revocations import REVOKED_MAX, Revocations
from shared.ids import DeviceId, PsamId, device_id, psam_id
from shared.wire import codec, topics
from shared.wire.form import fields
from shared.wire.form.layout import Layout, Message
from shared.wire.tags import Tag

REVOCATIONS_CONTEXT = b"openykt revocations v1\0"
VERSION_MAX = 0xFFFF_FFFF

_Id = TypeVar("_Id", DeviceId, PsamId)


@dataclass(frozen=True, slots=True)
class SignedRevocations:
    """down/now. `body` is the bare CBOR of a Revocations; `signature`: Ed25519 of the ledger-ack key over
    REVOCATIONS_CONTEXT ‖ body."""

    body: bytes
    signature: bytes


def encode_revocations(m: Revocations) -> bytes:
    """The bytes that are signed, and kept."""
    return codec.dumps(REVOCATIONS_BODY.row(m))


def decode_revocations(raw: bytes) -> Revocations:
    """WireFault when malformed. Check the signature first."""
    return REVOCATIONS_BODY.value(codec.loads(raw))


def revocations_mark(held: Revocations) -> tuple[int, int]:
    """Version and CRC-32 of the bytes: what a box tells of the list that it holds; (0, 0) for none."""
    return (held.version, crc32(encode_revocations(held))) if held.version else (0, 0)


def _ids(form: Callable[[bytes], _Id]) -> Callable[[list[Any]], tuple[_Id, ...]]:
    def read(raw: list[Any]) -> tuple[_Id, ...]:
        if len(raw) > REVOKED_MAX:
            raise WireFault("revocations: too many")
        found = tuple(form(one) for one in raw)
        if any(a >= b for a, b in pairwise(found)):
            raise WireFault("revocations: not ascending")
        return found

    return read


REVOCATIONS_BODY = Layout(
    "revocations body", Revocations, fields.whole("version", VERSION_MAX, least=1),
    fields.listed("psams", "6 bytes, ascending", REVOKED_MAX, _ids(psam_id)),
    fields.listed("devices", "6 bytes, ascending", REVOKED_MAX, _ids(device_id)),
)  # fmt: skip
REVOCATIONS = Message(
    Tag.REVOCATIONS, topics.DOWN_NOW,
    Layout("revocations", SignedRevocations, fields.octets("body"), fields.signature()),
    (SignedRevocations(encode_revocations(Revocations(3, (PsamId(b"psam-1"),), ())), bytes(fields.SIGNATURE_SIZE)),),
)  # fmt: skip
