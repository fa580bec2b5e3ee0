"""Record bytes: what a terminal writes, every store keeps verbatim, and the ledger judges. RECORDS.md "Bytes".

One codec for the whole product; what the bytes of a kind are says its description (kinds.py). Decoding refuses what it
does not know; the refused bytes go to quarantine as they are, never to the floor.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.records.bits import CounterKind, Proof, parse_flags
from shared.records.kinds import DESCRIBED, KINDS, VERSION, Kind, Record, Worth
from shared.records.widths import parsed, struct_of

SEQ_MAX = 0xFFFF_FFFF
WIRE_MAX = 250
"""Longest record that any store or message accepts, all kinds to come included."""


class Head(NamedTuple):
    """First 8 bytes of every kind."""

    version: int
    kind: int
    flags: int
    seq: int


HEAD = struct_of(parsed("version B, kind B, flags H, seq I"))
HEAD_SIZE = HEAD.size


def peek(wire: bytes) -> Head:
    """The common head; WireFault when truncated, oversized, of another version or an unknown kind."""
    _require_head(wire)
    return Head._make(HEAD.unpack_from(wire))


def decode(wire: bytes) -> Record:
    """The record of these wire bytes; WireFault with the reason when they are not one."""
    kind = _require_head(wire)
    if kind not in _DECODERS:
        raise WireFault(f"record kind {kind} has no codec here")
    shaped, part, rule = _DECODERS[kind]
    record: Record = shaped(wire, part)
    _require_flags(record.flags, kind)
    if rule is not None:
        rule(record)
    return record


def encode(record: Record) -> bytes:
    """Wire bytes; decode(encode(r)) == r."""
    return _ENCODERS[type(record)](record)


def _require_head(wire: bytes) -> int:
    """The kind, when the common head is sound."""
    if not HEAD_SIZE <= len(wire) <= WIRE_MAX:
        raise WireFault(f"record of {len(wire)} bytes")
    version, kind = wire[0], wire[1]
    if version != VERSION:
        raise WireFault(f"record version {version}")
    if kind not in _KINDS:
        raise WireFault(f"record kind {kind}")
    if wire[4:8] == _NO_SEQ:
        raise WireFault("record seq 0")
    return kind


@lru_cache(maxsize=128)
def _require_flags(raw: int, kind: int) -> None:
    flags, one = parse_flags(raw), DESCRIBED[kind]
    if flags.counter_kind != one.counter or (flags.claim and one.counter is not CounterKind.ONLINE):
        raise WireFault("counter kind does not fit the record kind")
    if (flags.proof is Proof.NONE) == (one.worth is Worth.TAC):
        raise WireFault("proof state does not fit the record kind")


_KINDS = frozenset(int(k) for k in Kind)
_ENCODERS: dict[type, Callable[[Any], bytes]] = {type(one.example): one.shape.encode for one in KINDS}
_DECODERS = {kind: (one.shape.decode, one.part, one.rule) for kind, one in DESCRIBED.items()}
_NO_SEQ = bytes(4)
