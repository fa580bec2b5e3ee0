"""A checkpoint: where every chain of a ledger stands, signed by the ledger-ack key, in a file outside of the ledger.

As good a witness as a box's newest ack (RECORDS "Acks"), for as long as somebody keeps the file elsewhere. Refuses,
with WireFault, what is malformed.
"""

from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.ids import LedgerId, ledger_id
from shared.wire import codec
from shared.wire.lanes.money_lane import CHAIN_HASH_SIZE

CHECKPOINT_CONTEXT = b"openykt ledger checkpoint v1\0"
CHAINS_MAX = 256
SIGNATURE_SIZE = 64

Chain = tuple[int, int, bytes]
"""Partition, number and hash of its newest batch."""


class Checkpoint(NamedTuple):
    """number, book: of the newest link of the book-only chain."""

    ledger: LedgerId
    unix_ms: int
    chains: tuple[Chain, ...]
    number: int
    book: bytes


def encode_checkpoint(m: Checkpoint) -> bytes:
    """The bytes that are signed."""
    return codec.dumps([m.ledger, m.unix_ms, [list(chain) for chain in m.chains], m.number, m.book])


def decode_checkpoint(raw: bytes) -> Checkpoint:
    """WireFault when malformed. Check the signature first."""
    ledger, unix_ms, chains, number, book = codec.fields(
        codec.loads(raw), bytes, int, list, int, bytes, what="checkpoint"
    )
    if len(chains) > CHAINS_MAX or len(book) != CHAIN_HASH_SIZE or number < 0:
        raise WireFault("checkpoint: malformed")
    return Checkpoint(ledger_id(ledger), unix_ms, tuple(map(_chain, chains)), number, book)


def pack_checkpoint(body: bytes, signature: bytes) -> bytes:
    """The file."""
    return codec.pack([body, signature])


def unpack_checkpoint(file: bytes) -> tuple[bytes, bytes]:
    """Body and signature; WireFault for a file that is none."""
    body, signature = codec.fields(codec.unpack(file), bytes, bytes, what="checkpoint")
    if len(signature) != SIGNATURE_SIZE:
        raise WireFault(f"checkpoint: a signature has {SIGNATURE_SIZE} bytes")
    return body, signature


def _chain(row: Any) -> Chain:  # noqa: ANN401  # straight from CBOR
    partition, number, sealed = codec.fields(row, int, int, bytes, what="chain")
    if len(sealed) != CHAIN_HASH_SIZE or number < 0 or partition < 0:
        raise WireFault("checkpoint: a hash has 32 bytes, numbers begin at 0")
    return partition, number, sealed
