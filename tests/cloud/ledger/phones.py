"""Phones of the small campus: keys, and a signer of certificates as the key process is one."""

from itertools import count

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ledger.funds.offline.terms import CodeRule
from cloud.ledger.ledger import Ledger
from cloud.payments.offline.door import Issued, OfflineDoor
from shared.errors import KeyFault
from shared.fleet.document import DocumentKind
from shared.ids import CardId, DeviceId
from shared.keys.document_key import DocumentKey
from shared.keys.offline_code import Certificate, Phone, Use, certify_phone, sign_use
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.records import MAC_SIZE, CodeRecord, CounterKind, Flags, Kind, Proof, Stored, encode
from tests.cloud.ledger import campus as c

RULE = CodeRule(2, 30_00, 500_00)
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def phone(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(0x5EED + number, ec.SECP256R1())


def public(key: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    return bytes((2 + numbers.y % 2,)) + numbers.x.to_bytes(32, "big")


class Keys:
    """As cloud.keys.client, of a process that signs when it is there."""

    def __init__(self) -> None:
        self.is_away = False
        self.signed = 0

    def certify_phone(self, phone: Phone) -> Certificate:
        if self.is_away:
            raise KeyFault("away")
        self.signed += 1
        return certify_phone(phone, SIGNER)

    def document_keys(self) -> list[DocumentKey]:
        return [DocumentKey(DocumentKind.WALLETS, 1, SIGNER.public_key().public_bytes_raw(), b"")]


def door_of(ledger: Ledger, keys: Keys | None = None) -> OfflineDoor:
    numbers = count(77)
    return OfflineDoor(ledger.opened, keys or Keys(), lambda size: next(numbers).to_bytes(size, "big"))


def given(issued: Issued) -> tuple[int, int, int]:
    return issued.number, issued.uses, issued.one_fen




def code(
    seq: int, certificate: int, of: CardId, by: ec.EllipticCurvePrivateKey, use: int = 1, fen: int = 12_00, *,
    at: DeviceId = c.POS, time: int = c.T0, age_s: int = 3, signed_by: DeviceId | None = None, nonce: bytes = b"nonc",
    epoch: int = 1,
) -> bytes:  # fmt: skip
    """Stored bytes of an offline code, as a phone and then its till sign them."""
    flags = Flags(Proof.NONE, CounterKind.OFFLINE).to_int()
    signature = sign_use(certificate, Use(use, time - age_s, nonce), by)
    made = CodeRecord(
        1, Kind.CODE, flags, seq, of, certificate, use, age_s, nonce, signature, fen, time, 1, 0, 1, bytes(MAC_SIZE)
    )
    before = Stored(at, epoch, c.psam(at[-1]), encode(made)).to_bytes()[:-MAC_SIZE]
    return before + terminal_mac(c.k_term(signed_by or at), mac_input(before))
