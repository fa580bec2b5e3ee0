"""Signs what the ledger has committed: its acks, its answers, its list of stolen devices, checkpoints. Nothing else
uses the ledger-ack key. It is held here, so that no message waits for another process."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cloud.ingest.ticket import Letter
from shared.errors import ConfigFault, WireFault
from shared.ids import BoxId
from shared.wire.checkpoint import CHECKPOINT_CONTEXT, Checkpoint, encode_checkpoint, pack_checkpoint
from shared.wire.messages import (
    ACK_CONTEXT,
    REVOCATIONS_CONTEXT,
    AckBody,
    Bound,
    Revocations,
    SignedAck,
    SignedAnswer,
    SignedRevocations,
    covered,
    decode_ack_body,
    encode_ack,
    encode_ack_body,
    encode_now,
    encode_revocations,
)
from shared.wire.topics import DOWN_MONEY, topic
from shared.words.refused import why_not
from shared.words.voice import Text


class AckSeal:
    """Holds the key; shows it to nobody."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def letter(self, ack: AckBody) -> Letter:
        """The signed ack on its way to the box."""
        body = encode_ack_body(ack)
        signed = SignedAck(body, self._key.sign(ACK_CONTEXT + body))
        return Letter(DOWN_MONEY, topic(ack.partition, ack.box, DOWN_MONEY), encode_ack(signed))

    def answer(self, box: BoxId, asked: bytes, answer: Bound) -> SignedAnswer:
        """The signed answer to this question of this box, for nobody else."""
        body = encode_now(answer)
        return SignedAnswer(asked, body, self._key.sign(covered(box, asked, body)))

    def revocations(self, wanted: Revocations) -> SignedRevocations:
        """The signed list, for any box."""
        body = encode_revocations(wanted)
        return SignedRevocations(body, self._key.sign(REVOCATIONS_CONTEXT + body))

    def checkpoint(self, stands: Checkpoint) -> bytes:
        """The file of a signed checkpoint."""
        body = encode_checkpoint(stands)
        return pack_checkpoint(body, self._key.sign(CHECKPOINT_CONTEXT + body))

    def opened(self, ack: SignedAck) -> AckBody | None:
        """What a box shows as our own ack; None when this key did not sign it."""
        try:
            self._key.public_key().verify(ack.signature, ACK_CONTEXT + ack.body)
            return decode_ack_body(ack.body)
        except (InvalidSignature, WireFault):
            return None


def load_ack_key(path: Path) -> Ed25519PrivateKey:
    """The key in an unencrypted PEM file that only its owner can read; ConfigFault, without a word of its content."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigFault(Text(f"{path.name}: 权限应为 600", f"{path.name}: must be readable by its owner only"))
        raw = path.read_bytes()
    except OSError as fault:
        raise ConfigFault(
            Text(f"{path.name}: 无法读取：{why_not(fault).zh}", f"{path.name}: cannot be read: {why_not(fault).en}")
        ) from fault
    return _parsed(raw, path.name)


def _parsed(raw: bytes, name: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(raw, None)
    except (ValueError, TypeError):
        raise ConfigFault(
            Text(f"{name}: 不是 PEM 私钥", f"{name}: not a PEM private key")
        ) from None  # its text may quote the file
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigFault(Text(f"{name}: 不是 Ed25519 密钥", f"{name}: not an Ed25519 key"))
    return key
