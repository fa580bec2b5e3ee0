"""The ledger-ack key: what it signs, what it opens, and that its file is private."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ingest.seal import AckSeal, load_ack_key
from shared.errors import ConfigFault
from shared.ids import box_id, ledger_id, store_id
from shared.wire.messages import ACK_CONTEXT, AckBody, SignedAck, decode_ack
from tests.cloud.campus import Campus

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ACK = AckBody(ledger_id(b"ledger-1"), 7, 3, box_id("edge-1"), store_id(b"store--1"), 5, (), (), 2000)


def pem(key: object) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())  # type: ignore[attr-defined]


def test_a_letter_is_the_ack_under_its_context() -> None:
    letter = AckSeal(KEY).letter(ACK)
    signed = decode_ack(letter.payload)
    assert letter.topic == "oykt/v1/p07/edge-1/down/money"
    KEY.public_key().verify(signed.signature, ACK_CONTEXT + signed.body)
    assert AckSeal(KEY).opened(signed) == ACK


def test_only_its_own_acks_open() -> None:
    signed = decode_ack(AckSeal(KEY).letter(ACK).payload)
    other = AckSeal(Ed25519PrivateKey.generate())
    assert other.opened(signed) is None
    assert AckSeal(KEY).opened(SignedAck(signed.body + b"\0", signed.signature)) is None
    assert AckSeal(KEY).opened(SignedAck(b"\xff", KEY.sign(ACK_CONTEXT + b"\xff"))) is None


def test_the_key_of_a_provisioned_campus_is_read(provisioned: Campus) -> None:
    key = load_ack_key(provisioned.data / "cloud" / "ack.key")
    key_bytes = key.public_key().public_bytes_raw()
    assert key_bytes == provisioned.ack_key().public_bytes_raw()


@pytest.mark.parametrize(
    ("body", "mode"),
    [(pem(KEY), 0o644), (b"no key", 0o600), (pem(generate_private_key(SECP256R1())), 0o600), (None, 0o600)],
    ids=["open to others", "no PEM", "another kind", "missing"],
)
def test_a_key_file_that_will_not_do_is_refused_without_a_word_of_it(
    tmp_path: Path, body: bytes | None, mode: int
) -> None:
    file = tmp_path / "ack.key"
    if body is not None:
        file.write_bytes(body)
        file.chmod(mode)
    with pytest.raises(ConfigFault, match=r"ack\.key") as caught:
        load_ack_key(file)
    assert "PRIVATE" not in str(caught.value)
