"""Signs what the ledger has committed: the only use of the ledger-ack key (RECORDS, "Acknowledgements")."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cloud.ingest.ticket import Letter
from shared.errors import ConfigFault
from shared.wire.messages import ACK_CONTEXT, AckBody, SignedAck, encode_ack, encode_ack_body
from shared.wire.topics import DOWN_MONEY, topic


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


def load_ack_key(path: Path) -> Ed25519PrivateKey:
    """The key in an unencrypted PEM file (0600); ConfigFault, without a word of its content, when it is not there."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as fault:
        raise ConfigFault(f"{path.name}: {type(fault).__name__}") from None if isinstance(fault, ValueError) else fault
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigFault(f"{path.name}: not an Ed25519 key")
    return key
