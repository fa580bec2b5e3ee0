"""Only the certified ledger-ack key counts, over the context and the whole body."""

from edge.box.up.signature import ack_verifier
from shared.wire.messages import SignedAck
from tests.edge.rig import ACK_KEY, OTHER_KEY, Ledger

GENUINE = ack_verifier(ACK_KEY.public_key().public_bytes_raw())


def test_right_key():
    ledger = Ledger()
    signed = ledger.sign(ledger.ack(b"STORE-00"))
    assert GENUINE(signed)
    assert not ack_verifier(OTHER_KEY.public_key().public_bytes_raw())(signed)


def test_every_part_counts():
    ledger = Ledger()
    signed = ledger.sign(ledger.ack(b"STORE-00"))
    assert not GENUINE(signed._replace(body=signed.body + b"\0"))
    assert not GENUINE(signed._replace(signature=bytes(64)))
    assert not GENUINE(SignedAck(signed.body, ACK_KEY.sign(signed.body))), "without its context it is another message"
