"""Who bears witness of the ledger's chains and is at hand: the boxes' outboxes of this data folder, saved checkpoints.

What the ledger-ack key has not signed is no witness. A box whose ack cannot be read is named: nobody knows what it has
seen.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud.ledger.checks.put_backs import Witness, witness_of
from cloud.ledger.journal.witnessed import Claim
from cloud.process.settings import CloudSettings
from cloud.store.db import read_file
from shared.errors import ConfigFault, StoreFault, WireFault
from shared.wire.checkpoint import CHECKPOINT_CONTEXT, Checkpoint, decode_checkpoint, unpack_checkpoint
from shared.wire.messages import ACK_CONTEXT, AckBody, decode_ack_body
from shared.words.refused import why_not
from shared.words.voice import Text

BOXES, OUTBOX = "boxes", "outbox.db"
_SIGNATURE = 64
_ACK = "SELECT value FROM about WHERE name = 'ack'"


class AtHand(NamedTuple):
    """unasked: folders of boxes that could not be asked."""

    witnesses: tuple[Witness, ...]
    unasked: tuple[str, ...]


def witnesses(settings: CloudSettings, files: Sequence[Path]) -> AtHand:
    """To be read before the ledger is: what a box has seen by now, the ledger has. ConfigFault for a file that is no
    checkpoint of this ledger's key."""
    key = Ed25519PublicKey.from_public_bytes(settings.ack_key)
    heard, unasked = [Witness(_claim(path.name, read_checkpoint(path, key))) for path in files], []
    for path in sorted((settings.data / BOXES).glob(f"*/{OUTBOX}")):
        try:
            heard += map(witness_of, _acks(path, key))
        except (StoreFault, InvalidSignature, WireFault):
            unasked.append(path.parent.name)
    return AtHand(tuple(heard), tuple(unasked))


def read_checkpoint(path: Path, key: Ed25519PublicKey) -> Checkpoint:
    """ConfigFault, which names the file."""
    try:
        body, signature = unpack_checkpoint(path.read_bytes())
        key.verify(signature, CHECKPOINT_CONTEXT + body)
        return decode_checkpoint(body)
    except OSError as fault:
        raise ConfigFault(
            Text(f"{path}: 无法读取：{why_not(fault).zh}", f"{path}: cannot be read: {why_not(fault).en}")
        ) from fault
    except (InvalidSignature, WireFault) as fault:
        raise ConfigFault(
            Text(f"{path}: 不是本校账本签发的检查点", f"{path}: is no checkpoint that this campus has signed")
        ) from fault


def _acks(path: Path, key: Ed25519PublicKey) -> list[AckBody]:
    """One, or none before the first. StoreFault, InvalidSignature, WireFault."""
    return [_signed(value, key) for (value,) in read_file(path, _ACK)]


def _signed(raw: object, key: Ed25519PublicKey) -> AckBody:
    if not isinstance(raw, bytes):
        raise WireFault("an ack that is no bytes")
    key.verify(raw[:_SIGNATURE], ACK_CONTEXT + raw[_SIGNATURE:])
    return decode_ack_body(raw[_SIGNATURE:])


def _claim(who: str, stands: Checkpoint) -> Claim:
    return Claim(who, stands.chains, (stands.number, stands.book))
