"""Who bears witness of the ledger's chains and is at hand: the boxes' outboxes of this data folder, saved checkpoints.

What the ledger-ack key has not signed is no witness. An outbox that cannot be read is the boxes' own check's matter.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud.ledger.checks.put_backs import Witness, witness_of
from cloud.ledger.journal.witnessed import Claim
from cloud.process.settings import CloudSettings
from cloud.store.db import read_file
from shared.errors import ConfigFault, StoreFault, WireFault
from shared.wire.checkpoint import CHECKPOINT_CONTEXT, Checkpoint, decode_checkpoint, unpack_checkpoint
from shared.wire.messages import ACK_CONTEXT, AckBody, decode_ack_body
from shared.words.voice import Text

BOXES, OUTBOX = "boxes", "outbox.db"
_SIGNATURE = 64
_ACK = "SELECT value FROM about WHERE name = 'ack'"


def witnesses(settings: CloudSettings, files: Sequence[Path]) -> list[Witness]:
    """To be read before the ledger is: what a box has seen by now, the ledger has. ConfigFault for a file that is no
    checkpoint of this ledger's key."""
    key = Ed25519PublicKey.from_public_bytes(settings.ack_key)
    acks = [witness_of(ack) for ack in _acks(settings.data, key)]
    return acks + [Witness(_claim(path.name, read_checkpoint(path, key))) for path in files]


def read_checkpoint(path: Path, key: Ed25519PublicKey) -> Checkpoint:
    """ConfigFault, which names the file."""
    try:
        body, signature = unpack_checkpoint(path.read_bytes())
        key.verify(signature, CHECKPOINT_CONTEXT + body)
        return decode_checkpoint(body)
    except OSError as fault:
        raise ConfigFault(
            Text(f"{path}: 无法读取：{fault.strerror}", f"{path}: cannot be read: {fault.strerror}")
        ) from fault
    except (InvalidSignature, WireFault) as fault:
        raise ConfigFault(
            Text(f"{path}: 不是本校账本签发的检查点", f"{path}: is no checkpoint that this campus has signed")
        ) from fault


def _acks(data: Path, key: Ed25519PublicKey) -> Iterator[AckBody]:
    for path in sorted((data / BOXES).glob(f"*/{OUTBOX}")):
        with suppress(StoreFault, InvalidSignature, WireFault):
            for (value,) in read_file(path, _ACK):
                raw = bytes(value)
                key.verify(raw[:_SIGNATURE], ACK_CONTEXT + raw[_SIGNATURE:])
                yield decode_ack_body(raw[_SIGNATURE:])


def _claim(who: str, stands: Checkpoint) -> Claim:
    return Claim(who, stands.chains, (stands.number, stands.book))
